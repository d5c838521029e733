import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresSagaStorage } from 'nest-saga/postgres';
import type { Pool } from 'pg';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

const CONNECTIONS = 2;

await whereThereIsPostgres('A pool whose connections somebody else holds', () => {
  let schema: PostgresSchema;
  let pool: Pool;
  let effects: Effects;
  let gate: Gate;
  let storage: PostgresSagaStorage;
  let application: Application;
  beforeEach(async () => {
    schema = await PostgresSchema.create();
    pool = schema.pool({ max: CONNECTIONS });
    effects = new Effects();
    gate = new Gate();
  });
  afterEach(async () => {
    await application.close();
    await schema.drop();
  });

  async function start(lease: number) {
    const S = saga('S', [step(effects, 'a', { act: () => gate.passed }), step(effects, 'b')]);
    storage = schema.storage({ client: pool, listener: false });
    application = await startApplication([S], { storage, lease: { duration: lease } });
    const handle = await application.runner.start(S, {}, { id: 's' });
    await eventually(() => expect(effects.log).toEqual(['a']));
    return handle;
  }

  /** Returns what gives the connections back. */
  async function holdAll(): Promise<() => void> {
    const held = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
    return () => held.forEach((client) => client.release());
  }

  describe('for a shorter time than the lease', () => {
    it('keeps sagas waiting, and nothing is done twice', async () => {
      const handle = await start(60_000);
      const giveBack = await holdAll();
      gate.open();
      await eventually(() => expect(pool.waitingCount).toBeGreaterThan(0));
      giveBack();
      expect(await handle.result()).toEqual({});
      expect(effects.log).toEqual(['a', 'b']);
    });
  });

  describe('for a longer time than the lease', () => {
    it('ends the lease; the worker goes on under a new one, and nothing is lost', async () => {
      const handle = await start(1_000);
      const before = (await storage.workers()).map(({ id }) => id);
      const giveBack = await holdAll();
      gate.open();
      await eventually(async () => {
        const alive = `SELECT 1 FROM saga_workers WHERE expires_at > clock_timestamp()`;
        expect(await schema.query(alive)).toHaveLength(0);
      });
      giveBack();
      await eventually(async () => expect((await handle.record()).status).toBe('COMPLETED'), 20_000);
      const alive = await storage.workers();
      expect(before).toHaveLength(1);
      expect(alive).toHaveLength(1);
      expect(alive[0]?.id).not.toBe(before[0]);
      expect(effects.count('b')).toBe(1);
    }, 30_000);
  });
});
