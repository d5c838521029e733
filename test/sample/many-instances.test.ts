import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverConfig, whereThereIsPostgres } from '../harness/postgres-server.js';
import { SampleProcess } from './sample-process.js';

await whereThereIsPostgres('The sample with many instances', () => {
  describe('the sample with many instances', () => {
    let sample: SampleProcess;

    beforeAll(async () => {
      sample = SampleProcess.start('04-many-instances');
      await sample.exited;
    }, 120_000);

    afterAll(() => sample.stop('SIGKILL'));

    test('ends well, with all books balanced', async () => {
      expect(sample.output).toMatch(/Books, for 160 completed and 40 failed orders/);
      expect(sample.output).toMatch(/inventory +160 +\d+ +✓ balanced/);
      expect(sample.output).toMatch(/payments +160 +\d+ +✓ balanced/);
      expect(sample.output).toMatch(/shipping +160 +\d+ +✓ balanced/);
      expect(await sample.exited).toBe(0);
    });

    test('tells who took over what from the replica that was killed', () => {
      const takeovers = [...sample.output.matchAll(/^ +order-\d{3} +B +\S.* +([AC]) +[\d.]+ s +(COMPLETED|FAILED)$/gm)];
      expect(takeovers.length).toBeGreaterThan(0);
      const took = ['A', 'C'].map(
        (name) => new RegExp(`^ +${name} +\\d+ +(\\d+) +\\d+$`, 'm').exec(sample.output)?.[1],
      );
      expect(Number(took[0]) + Number(took[1])).toBe(takeovers.length);
      expect(sample.output).toMatch(/^ +B, killed +\d+ +0 +\d+$/m);
    });
  });

  test('says what to do where there is no server', async () => {
    const nobody = SampleProcess.start('04-many-instances', {
      DATABASE_URL: `postgres://${serverConfig.user}@127.0.0.1:1/test`,
    });
    expect(await nobody.exited).toBe(1);
    expect(nobody.output).toContain('docker compose up --detach --wait postgres');
  });
});
