import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { JsonValue } from 'nest-saga';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { Client, Pool } from 'pg';
import { Effects, saga, startApplication, step } from '../e2e/application.js';
import { eventually } from '../e2e/eventually.js';
import { serverConfig, whereThereIsPostgres } from '../harness/postgres-server.js';

/** Longer than any test: nothing but sagas writes. */
const QUIET = { recovery: { interval: 3_600_000 }, lease: { duration: 3_600_000 } };

/** So many that what an application does once, to open, to register and to close, is less than a commit for each. */
const SAGAS = 50;

const MEGABYTE = 'a "quoted" text '.repeat(65_536);

await whereThereIsPostgres('Batches of PostgresSagaStorage', () => {
  /** The server counts by database: this one is nobody else's. */
  const database = `nest_saga_test_${crypto.randomUUID().replaceAll('-', '')}`;
  beforeEach(() => onServer(`CREATE DATABASE ${database}`));
  afterEach(() => onServer(`DROP DATABASE ${database} WITH (FORCE)`));

  it('cost a saga of three steps four commits: four rows, a head, and one change of it', async () => {
    const effects = new Effects();
    const S = saga('S', [step(effects, 'a'), step(effects, 'b'), step(effects, 'c')]);
    const pool = poolOf(database);
    const application = await startApplication([S], { storage: new PostgresSagaStorage({ client: pool }), ...QUIET });
    for (let number = 0; number < SAGAS; number++) await application.runner.run(S, {});
    await application.close();
    // A connection tells of what it has done when it ends.
    await pool.end();
    const commits = await eventually(async () => {
      const counted = await committed();
      expect(counted).toBeGreaterThanOrEqual(4 * SAGAS);
      return counted;
    });
    expect(commits).toBeLessThan(5 * SAGAS);
    await eventually(async () =>
      expect(await written()).toEqual([
        { name: 'saga_heads', inserted: SAGAS, updated: SAGAS, deleted: 0 },
        { name: 'saga_log', inserted: 4 * SAGAS, updated: 0, deleted: 0 },
        { name: 'saga_requests', inserted: 0, updated: 0, deleted: 0 },
      ]),
    );
  });

  it.each<[string, (index: number) => JsonValue]>([
    ['all of one kind', (index) => ({ index, text: MEGABYTE })],
    ['with a null among them', (index) => (index === 5 ? null : { index, text: MEGABYTE })],
  ])('of more than a value may hold are written in parts: contexts %s', async (_, contextOf) => {
    const pool = poolOf(database);
    const storage = new PostgresSagaStorage({ client: pool });
    await storage.open();
    const ids = Array.from({ length: 40 }, (_, index) => `saga-${index}`);
    const created = await Promise.all(
      ids.map((id, index) =>
        storage.create({
          id,
          name: 'Saga',
          definitionVersion: 1,
          plan: [],
          planHash: 'hash',
          status: 'RUNNING',
          worker: 'w1',
          context: contextOf(index),
          entries: [{ event: 'created' }],
          writeId: id,
        }),
      ),
    );
    expect(created).toMatchObject(ids.map(() => ({ outcome: 'created' })));
    for (const index of [0, 5, 39]) {
      expect((await storage.load(`saga-${index}`))?.record.context).toEqual(contextOf(index));
    }
    await storage.close();
    await pool.end();
  });

  /** Asks from another database, so that asking is not counted. */
  async function committed(): Promise<number> {
    const sql = `SELECT xact_commit::int AS commits FROM pg_stat_database WHERE datname = '${database}'`;
    return (await onServer<{ commits: number }>(sql))[0]!.commits;
  }

  function written(): Promise<readonly object[]> {
    return onServer(
      `SELECT relname AS name, n_tup_ins::int AS inserted, n_tup_upd::int AS updated, n_tup_del::int AS deleted
       FROM pg_stat_user_tables WHERE relname IN ('saga_heads', 'saga_log', 'saga_requests') ORDER BY relname`,
      database,
    );
  }
});

/** Its database is dropped while its connections may still be on their way out. */
function poolOf(database: string): Pool {
  const pool = new Pool({ ...serverConfig, database });
  pool.on('error', () => undefined);
  return pool;
}

async function onServer<Row>(sql: string, database = serverConfig.database): Promise<Row[]> {
  const client = new Client({ ...serverConfig, database });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}
