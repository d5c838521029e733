import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool, PoolClient } from 'pg';
import { type LogEntry, type StepExecution, type TransactionalExecution } from '../../lib/index.js';
import { PostgresSagaStorage } from '../../lib/storage/postgres/index.js';
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

await whereThereIsPostgres('what transactional steps meet on PostgreSQL only', () => {
  let schema: PostgresSchema;
  let pool: Pool;
  let effects: Effects;
  let app: Application | undefined;
  beforeAll(async () => {
    schema = await PostgresSchema.create('-c synchronous_commit=off');
    pool = schema.pool({ max: 8 });
    await pool.query('CREATE TABLE notes (text text NOT NULL, UNIQUE (text) DEFERRABLE INITIALLY DEFERRED)');
  });
  beforeEach(() => {
    effects = new Effects();
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

  describe('a transaction', () => {
    it('whose commit breaks a deferred constraint has failed, and is not tried for ever', async () => {
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

    it('whose connection is lost is begun again, which is no outcome', async () => {
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
    ])('%s is a failure that says so', async (_, misuse, code) => {
      const Order = saga('Misused', [
        local('reserve', { act: (_context, execution) => misuse(execution).then(() => undefined) }),
      ]);
      const { runner } = await start(Order);
      await expect(runner.run(Order, {})).rejects.toMatchObject({ code });
      expect(effects.log).toEqual(['reserve']);
    });
  });

  it('refuses a pool that is too small, by name', async () => {
    const Order = saga('Small', [local('reserve')]);
    const storage = new PostgresSagaStorage({ client: schema.pool({ max: 4 }) });
    await expect(startApplication([Order], { storage })).rejects.toThrow(/4 connections.*at least 5/s);
  });
});
