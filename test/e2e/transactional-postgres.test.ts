import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool, PoolClient } from 'pg';
import {
  OutcomeUnknownError,
  type LogEntry,
  type StepExecution,
  type TransactionalExecution,
} from '../../lib/index.js';
import { PostgresSagaStorage, type PostgresPool, type PostgresStatement } from '../../lib/storage/postgres/index.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';
import {
  Effects,
  saga,
  startApplication,
  step,
  type Application,
  type Behaviour,
  type SagaType,
} from './application.js';

await whereThereIsPostgres('transactional steps on PostgreSQL', () => {
  let schema: PostgresSchema;
  let pool: Pool;
  let effects: Effects;
  let app: Application | undefined;
  beforeAll(async () => {
    schema = await PostgresSchema.create('-c synchronous_commit=off');
    pool = schema.pool({ max: 8 });
    await pool.query('CREATE TABLE notes (text text NOT NULL, UNIQUE (text) DEFERRABLE INITIALLY DEFERRED)');
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await pool.query('DELETE FROM notes');
  });
  afterAll(() => schema.drop());

  /** The transaction, as the step gets it. */
  function clientOf(execution: StepExecution): PoolClient {
    return (execution as TransactionalExecution<PoolClient>).transaction;
  }

  async function note(execution: StepExecution, text: string): Promise<void> {
    await clientOf(execution).query('INSERT INTO notes (text) VALUES ($1)', [text]);
  }

  async function notes(): Promise<string[]> {
    const { rows } = await pool.query<{ text: string }>('SELECT text FROM notes ORDER BY text');
    return rows.map(({ text }) => text);
  }

  function local(name: string, behaviour: Behaviour = {}) {
    const { options = {}, ...rest } = behaviour;
    return step(effects, name, { ...rest, options: { ...options, transactional: true } as never });
  }

  async function start(...sagas: readonly SagaType[]): Promise<Application> {
    app = await startApplication(sagas, { storage: new PostgresSagaStorage({ client: pool }) });
    return app;
  }

  async function logOf(id: string): Promise<readonly LogEntry[]> {
    return (await (app as Application).runner.get(id)).history();
  }

  async function eventsOf(id: string): Promise<string[]> {
    return (await logOf(id)).map(({ event, step: name, phase }: LogEntry & { phase?: string }) =>
      [phase === 'compensate' ? '-' : '', name ?? '', name === undefined ? '' : ' ', event].join(''),
    );
  }

  function fresh(): void {
    effects = new Effects();
  }

  describe('a step that returns', () => {
    it('commits what it wrote together with its completion, in one row with the next start', async () => {
      fresh();
      const Order = saga('Order', [
        local('reserve', {
          async act(context, execution) {
            await note(execution, 'reserved');
            context['reserved'] = true;
            return 'r-1';
          },
          compensate: () => undefined,
        }),
        step(effects, 'charge', {
          async act() {
            expect(await notes()).toEqual(['reserved']);
          },
        }),
      ]);
      const { runner } = await start(Order);
      expect(await runner.run(Order, {}, { id: 'o-1' })).toEqual({ reserved: true });
      const log = await logOf('o-1');
      expect(log.map(({ event }) => event)).toEqual([
        'created',
        'started',
        'completed',
        'started',
        'completed',
        'completed',
      ]);
      expect(log[1]).toMatchObject({ step: 'reserve', transactional: true });
      const rows = await schema.query('SELECT count(*)::int AS rows FROM saga_log WHERE saga_id = $1', ['o-1']);
      expect(rows).toEqual([{ rows: 3 }]);
    });

    it('is undone in a transaction of its own', async () => {
      fresh();
      const Order = saga('Undone', [
        local('reserve', {
          act: (_, execution) => note(execution, 'reserved'),
          async compensate(_context, _result, execution) {
            await clientOf(execution).query(`DELETE FROM notes WHERE text = 'reserved'`);
          },
        }),
        step(effects, 'charge', { act: () => Promise.reject(new Error('no money')) }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {})).rejects.toThrow('no money');
      expect(await notes()).toEqual([]);
      expect(effects.log).toEqual(['reserve', 'charge', '-reserve']);
    });
  });

  describe('a step that does not return', () => {
    it('writes nothing when it throws, and is not undone', async () => {
      fresh();
      const Order = saga('Thrown', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, 'reserved');
            throw new Error('sold out');
          },
        }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {}, { id: 't-1' })).rejects.toThrow('sold out');
      expect(await notes()).toEqual([]);
      expect(effects.log).toEqual(['reserve']);
      expect(await eventsOf('t-1')).toEqual(['created', 'reserve started', 'reserve failed', 'failed']);
    });

    it('is attempted again by its retry policy, each time in a new transaction', async () => {
      fresh();
      const Order = saga('Retried', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, `attempt ${execution.attempt}`);
            if (execution.attempt < 3) throw new Error('not yet');
          },
          options: { retry: { retryCount: 3, retryDelay: 1 } },
        }),
      ]);
      const { runner } = await start(Order);
      await runner.run(Order, {});
      expect(await notes()).toEqual(['attempt 3']);
    });

    it('has failed when it takes too long, and whatever it still does finds its transaction dead', async () => {
      fresh();
      const late: unknown[] = [];
      let go = (): void => undefined;
      const timedOut = new Promise<void>((resolve) => (go = resolve));
      const Order = saga('Late', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, 'reserved');
            const client = clientOf(execution);
            const { query } = client;
            await timedOut;
            const queryOf = query as (this: PoolClient, text: string) => Promise<unknown>;
            for (const use of [() => client.query('SELECT 1'), () => queryOf.call(client, 'SELECT 1')]) {
              try {
                await use();
              } catch (error) {
                late.push(error);
              }
            }
          },
          options: { timeout: 30 },
        }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {}, { id: 'l-1' })).rejects.toMatchObject({ code: 'SAGA_STEP_TIMEOUT' });
      expect((await logOf('l-1')).find(({ event }) => event === 'failed')).toMatchObject({ outcome: 'failed' });
      expect(effects.log).toEqual(['reserve']);
      expect(await notes()).toEqual([]);
      go();
      await new Promise((resolve) => setImmediate(resolve));
      expect(late).toEqual([
        expect.objectContaining({ code: 'SAGA_TRANSACTION_ENDED' }),
        expect.objectContaining({ code: 'SAGA_TRANSACTION_ENDED' }),
      ]);
    });

    it('is undone when it says that it does not know', async () => {
      fresh();
      const Order = saga('Unknown', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, 'reserved');
            throw new OutcomeUnknownError('the bank did not answer');
          },
        }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {})).rejects.toThrow('the bank did not answer');
      expect(await notes()).toEqual([]);
      expect(effects.log).toEqual(['reserve', '-reserve']);
    });

    it('has failed when what it returns cannot be stored', async () => {
      fresh();
      const Order = saga('Unstorable', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, 'reserved');
            return () => 1;
          },
        }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {})).rejects.toMatchObject({ code: 'SAGA_UNSERIALIZABLE_VALUE' });
      expect(await notes()).toEqual([]);
      expect(effects.log).toEqual(['reserve']);
    });

    it('has failed when its commit breaks a deferred constraint, and is not tried for ever', async () => {
      fresh();
      const Order = saga('Deferred', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, 'same');
            await note(execution, 'same');
          },
        }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {})).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
      expect(await notes()).toEqual([]);
      expect(effects.log).toEqual(['reserve']);
    });
  });

  describe('a transaction', () => {
    it('that fails to serialize runs the step again, which is no outcome', async () => {
      fresh();
      const Order = saga('Serialized', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, `run ${effects.count('reserve')}`);
            if (effects.count('reserve') < 3) {
              await clientOf(execution).query(`DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$`);
            }
          },
        }),
      ]);
      const { runner } = await start(Order);
      await runner.run(Order, {}, { id: 's-1' });
      expect(await notes()).toEqual(['run 3']);
      expect(await eventsOf('s-1')).toEqual(['created', 'reserve started', 'reserve completed', 'completed']);
    });

    it('whose connection is lost is begun again, which is no outcome', async () => {
      fresh();
      const Order = saga('Cut', [
        local('reserve', {
          async act(_, execution) {
            await note(execution, `run ${effects.count('reserve')}`);
            if (effects.count('reserve') > 1) return;
            await clientOf(execution).query('SELECT pg_terminate_backend(pg_backend_pid())');
          },
        }),
      ]);
      const { runner } = await start(Order);
      await runner.run(Order, {}, { id: 'c-1' });
      expect(await notes()).toEqual(['run 2']);
      expect(await eventsOf('c-1')).toEqual(['created', 'reserve started', 'reserve completed', 'completed']);
    });

    it('may be given another isolation by the step', async () => {
      fresh();
      let level: unknown;
      const Order = saga('Isolated', [
        local('reserve', {
          async act(_, execution) {
            await clientOf(execution).query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
            level = (await clientOf(execution).query('SHOW transaction_isolation')).rows[0];
          },
        }),
      ]);
      const { runner } = await start(Order);
      await runner.run(Order, {});
      expect(level).toEqual({ transaction_isolation: 'serializable' });
    });

    it.each<[string, (execution: StepExecution) => Promise<unknown>, string]>([
      [
        'in which a failure was swallowed',
        (execution) =>
          clientOf(execution)
            .query('SELECT 1 / 0')
            .catch(() => undefined),
        'SAGA_TRANSACTION_BROKEN',
      ],
      [
        'whose connection the step gives away',
        async (execution) => clientOf(execution).release(),
        'SAGA_TRANSACTION_ENDED',
      ],
      ['in which the step saves', (execution) => execution.save(), 'SAGA_SAVE_IN_TRANSACTION'],
    ])('%s is a failure that says so', async (_, misuse, code) => {
      fresh();
      const Order = saga('Misused', [
        local('reserve', { act: (_context, execution) => misuse(execution).then(() => undefined) }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {})).rejects.toMatchObject({ code });
      expect(effects.log).toEqual(['reserve']);
    });
  });

  it('that the step has committed itself may stand: it is undone, and not tried again', async () => {
    fresh();
    const outcomes: unknown[] = [];
    const Order = saga('Committed', [
      local('reserve', {
        async act(_, execution) {
          await note(execution, `attempt ${execution.attempt}`);
          await clientOf(execution).query('COMMIT');
        },
        async compensate(_context, _result, execution) {
          outcomes.push(execution.outcome);
          await clientOf(execution).query('DELETE FROM notes');
        },
        options: { retry: { retryCount: 3, retryDelay: 1 } },
      }),
    ]);
    const { runner } = await start(Order);
    await expect(runner.run(Order, {})).rejects.toMatchObject({ code: 'SAGA_TRANSACTION_BROKEN' });
    expect(effects.log).toEqual(['reserve', '-reserve']);
    expect(outcomes).toEqual(['unknown']);
    expect(await notes()).toEqual([]);
  });

  it('is undone after it has failed where it says so, and is told that nothing stands', async () => {
    fresh();
    const seen: unknown[] = [];
    const Order = saga('Halfway', [
      local('reserve', {
        async act(_, execution) {
          await note(execution, 'reserved');
          throw new Error('sold out');
        },
        async compensate(_context, _result, execution) {
          seen.push(execution.outcome, await notes());
        },
        options: { compensateOnFailure: true },
      }),
    ]);
    const { runner } = await start(Order);
    await expect(runner.run(Order, {})).rejects.toThrow('sold out');
    expect(effects.log).toEqual(['reserve', '-reserve']);
    expect(seen).toEqual(['failed', []]);
  });

  it('behind the pivot is attempted until it commits, and leaves one row', async () => {
    fresh();
    const Order = saga('Behind', [
      step(effects, 'charge', { options: { kind: 'pivot' } }),
      local('book', {
        async act(_, execution) {
          await note(execution, `attempt ${execution.attempt}`);
          if (execution.attempt < 4) throw new Error('not yet');
        },
        options: { kind: 'retriable', retry: { retryDelay: 1 } } as never,
      }),
    ]);
    const { runner } = await start(Order);
    await runner.run(Order, {});
    expect(await notes()).toEqual(['attempt 4']);
  });

  it('meets a cancel that comes while it runs, in the same transaction', async () => {
    fresh();
    const Order = saga('Cancelled', [
      local('reserve', {
        async act(_, execution) {
          await note(execution, 'reserved');
          void (await (app as Application).runner.get('x-1')).cancel('changed my mind');
          while ((await schema.query('SELECT FROM saga_requests')).length === 0);
        },
        async compensate(_context, _result, execution) {
          await clientOf(execution).query('DELETE FROM notes');
        },
      }),
      step(effects, 'charge'),
    ]);
    const { runner } = await start(Order);
    await expect(runner.run(Order, {}, { id: 'x-1' })).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
    expect(effects.log).toEqual(['reserve', '-reserve']);
    expect(await notes()).toEqual([]);
  });

  describe('a saga that is started in a transaction of the application', () => {
    const Started = () => saga('Started', [step(effects, 'reserve')]);

    it('runs at once after the commit', async () => {
      fresh();
      const Order = Started();
      app = await startApplication([Order], {
        storage: new PostgresSagaStorage({ client: pool }),
        recovery: { interval: 60_000 },
      });
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query(`INSERT INTO notes (text) VALUES ('order')`);
      const handle = await app.runner.start(Order, { a: 1 }, { id: 'b-1', transaction: client });
      await expect(app.runner.get('b-1')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
      await client.query('COMMIT');
      client.release();
      expect(await handle.result()).toEqual({ a: 1 });
      expect(effects.log).toEqual(['reserve']);
      expect((await handle.history())[1]).toMatchObject({ event: 'claimed' });
    });

    it('never was when it is rolled back', async () => {
      fresh();
      const Order = Started();
      const { runner } = await start(Order);
      const client = await pool.connect();
      await client.query('BEGIN');
      await runner.start(Order, {}, { id: 'b-2', transaction: client });
      await client.query('ROLLBACK');
      client.release();
      await expect(runner.get('b-2')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    });

    it('is started by a transactional step, with its transaction', async () => {
      fresh();
      const Next = Started();
      const First = saga('First', [
        local('hand over', {
          async act(_, execution) {
            await (app as Application).runner.start(Next, {}, { id: 'n-1', transaction: clientOf(execution) });
          },
        }),
      ]);
      const { runner } = await start(First, Next);
      await runner.run(First, {});
      await (await runner.get('n-1')).result();
      expect(effects.log).toEqual(['hand over', 'reserve']);
    });

    it('is refused in what is no transaction', async () => {
      fresh();
      const Order = Started();
      const { runner } = await start(Order);
      await expect(runner.start(Order, {}, { id: 'b-3', transaction: pool })).rejects.toMatchObject({
        code: 'SAGA_STORAGE_REJECTED',
      });
    });
  });

  it.each([
    ['is looked for in the log, and found', true, ['run 1']],
    ['that never came is made again, which is no outcome', false, ['run 2']],
  ])('a commit whose answer is lost %s', async (_, arrives, written) => {
    fresh();
    const Order = saga('Lost', [
      local('reserve', { act: (_context, execution) => note(execution, `run ${effects.count('reserve')}`) }),
    ]);
    let lost = 0;
    const client: PostgresPool = {
      query: (statement) => pool.query(statement),
      async connect() {
        const lent = await pool.connect();
        return {
          async query(statement: PostgresStatement, ...values: unknown[]) {
            if (statement.text !== 'COMMIT' || effects.count('reserve') === 0 || lost++ > 0)
              return lent.query(statement as never, ...(values as []));
            await lent.query(arrives ? 'COMMIT' : 'ROLLBACK');
            throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
          },
          release: (error) => lent.release(error),
        };
      },
    };
    app = await startApplication([Order], {
      storage: new PostgresSagaStorage({ client, poolSize: 8, listener: false }),
    });
    const id = `lost-${arrives}`;
    await app.runner.run(Order, {}, { id });
    expect(lost).toBeGreaterThan(0);
    expect(await notes()).toEqual(written);
    expect(await eventsOf(id)).toEqual(['created', 'reserve started', 'reserve completed', 'completed']);
  });

  it('refuses a pool that is too small, by name', async () => {
    fresh();
    const Order = saga('Small', [local('reserve')]);
    const storage = new PostgresSagaStorage({ client: schema.pool({ max: 4 }) });
    await expect(startApplication([Order], { storage })).rejects.toThrow(/4 connections.*at least 5/s);
  });
});
