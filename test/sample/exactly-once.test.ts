import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverConfig, whereThereIsPostgres } from '../harness/postgres-server.js';
import { SampleProcess } from './sample-process.js';

await whereThereIsPostgres('The sample of steps that happen exactly once', () => {
  describe('the sample of steps that happen exactly once', () => {
    let sample: SampleProcess;
    let before: string;
    let behind: string;

    beforeAll(async () => {
      sample = SampleProcess.start('05-exactly-once');
      await sample.exited;
      [before = '', behind = ''] = sample.output.split('Killed behind the commit');
    }, 60_000);

    afterAll(() => sample.stop('SIGKILL'));

    test('calls a step again that was killed before its commit, and its row is there once', () => {
      expect(before).toMatch(/debit +called 1× +1 row: -4200 cents/);
      expect(before).toMatch(/credit +called 2× +1 row: 4200 cents/);
      expect(before).toMatch(/send-receipt +called 1×/);
    });

    test('does not call a step again that was killed behind its commit', () => {
      expect(behind).toMatch(/debit +called 1× +1 row: -700 cents/);
      expect(behind).toMatch(/credit +called 1× +1 row: 700 cents/);
      expect(behind).toMatch(/send-receipt +called 2×/);
    });

    test('has a saga exactly where the transaction that started it was committed', async () => {
      expect(behind).toMatch(/rolled back +no order, no saga, 0 movements/);
      expect(behind).toMatch(/committed +an order, a saga, 2 movements/);
      expect(await sample.exited).toBe(0);
    });
  });

  test('says what to do where there is no server', async () => {
    const nobody = SampleProcess.start('05-exactly-once', {
      DATABASE_URL: `postgres://${serverConfig.user}@127.0.0.1:1/test`,
    });
    expect(await nobody.exited).toBe(1);
    expect(nobody.output).toContain('docker compose up --detach --wait postgres');
  });
});
