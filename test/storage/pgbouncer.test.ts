import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { Pool, type PoolClient } from 'pg';
import { lastValueFrom, toArray } from 'rxjs';
import type { StepExecution, TransactionalExecution } from '../../lib/index.js';
import { times } from '../contract/storage-under-test.js';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { StorageLine } from '../e2e/storage-line.js';
import { OwnPgBouncer, type PoolMode } from '../harness/own-pgbouncer.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

const SAGAS = 60;

function describeBehind(mode: PoolMode): void {
  describe(`behind a PgBouncer that lends connections by ${mode}`, () => {
    let schema: PostgresSchema;
    let bouncer: OwnPgBouncer;
    let pools: Pool[];
    let applications: Application[];
    let effects: Effects;
    beforeEach(async () => {
      schema = await PostgresSchema.create();
      bouncer = await OwnPgBouncer.start(mode);
      pools = [];
      applications = [];
      effects = new Effects();
    });
    afterEach(async () => {
      await Promise.all(applications.map((application) => application.close()));
      for (const pool of pools) await pool.end();
      await bouncer.stop();
      await schema.drop();
    });

    async function start(S: ReturnType<typeof saga>, lease = 60_000) {
      const pool = new Pool({ ...bouncer.config, max: 5 });
      pools.push(pool);
      const line = new StorageLine(new PostgresSagaStorage({ client: pool, schema: schema.name }));
      const application = await startApplication([S], { storage: line, lease: { duration: lease } });
      applications.push(application);
      return { ...application, line, pool };
    }

    it('runs sagas forward and back, each once, however many run at once', async () => {
      const last = ({ fails }: Record<string, unknown>): void => (fails === true ? refuse() : undefined);
      const S = saga('S', [step(effects, 'a'), step(effects, 'b'), step(effects, 'c', { act: last })]);
      const replicas = [await start(S), await start(S)];
      const ended = times(SAGAS, (i) =>
        replicas[i % 2]!.runner.run(S, { fails: i % 3 === 0 }).then(
          () => 'completed',
          (error: unknown) => (error as Error).message,
        ),
      );
      const told = await Promise.all(ended);
      expect(told.filter((outcome) => outcome === 'completed')).toHaveLength((SAGAS * 2) / 3);
      expect(told.filter((outcome) => outcome === 'refused')).toHaveLength(SAGAS / 3);
      const counts = ['a', 'b', 'c', '-a', '-b'].map((effect) => effects.count(effect));
      expect(counts).toEqual([SAGAS, SAGAS, SAGAS, SAGAS / 3, SAGAS / 3]);
    }, 30_000);

    it('shows a saga of another replica to its watcher, and takes over one whose replica is gone', async () => {
      const gate = new Gate();
      const S = saga('S', [
        step(effects, 'a', { act: () => gate.passed }),
        step(effects, 'b', { act: ({ dies }, { attempt }) => (dies === true && attempt === 1 ? hang() : undefined) }),
      ]);
      const owner = await start(S, 1_000);
      const other = await start(S);
      await owner.runner.start(S, {}, { id: 'watched' });
      await owner.runner.start(S, { dies: true }, { id: 'left' });
      await eventually(() => expect(effects.count('a')).toBe(2));
      const events = lastValueFrom((await other.runner.get('watched')).watch().pipe(toArray()));
      gate.open();
      expect((await events).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
      await eventually(() => expect(effects.count('b')).toBe(2));
      owner.line.cut();
      await eventually(async () => expect((await other.runner.recover('left')).status).toBe('COMPLETED'));
      owner.line.breakDown();
    }, 30_000);

    it('commits what a transactional step writes together with the step', async () => {
      await schema.query('CREATE TABLE notes (text text)');
      const note = (text: string, throws?: () => never) => ({
        act: async (_: unknown, execution: StepExecution) => {
          const client = (execution as TransactionalExecution<PoolClient>).transaction;
          await client.query(`INSERT INTO ${schema.name}.notes VALUES ($1)`, [text]);
          throws?.();
        },
        options: { transactional: true } as never,
      });
      const S = saga('S', [step(effects, 'a', note('kept')), step(effects, 'b', note('rolled back', refuse))]);
      const pool = new Pool({ ...bouncer.config, max: 5 });
      pools.push(pool);
      const storage = new PostgresSagaStorage({ client: pool, schema: schema.name });
      const application = await startApplication([S], { storage });
      applications.push(application);
      await expect(application.runner.run(S, {})).rejects.toThrow('refused');
      expect(await schema.query('SELECT text FROM notes')).toEqual([{ text: 'kept' }]);
      expect(effects.log).toEqual(['a', 'b', '-a']);
    }, 30_000);
  });
}

await whereThereIsPostgres('Sagas behind PgBouncer', () => {
  const problem = OwnPgBouncer.problem();
  if (problem !== undefined) {
    test(`Sagas behind PgBouncer are NOT TESTED here: its package is not installed (required where CI is set). ${problem}`, () => {
      expect(process.env['CI'] ?? '').toBe('');
    });
    return;
  }
  for (const mode of ['session', 'transaction'] as const) describeBehind(mode);
});
