import Database from 'libsql';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { startApplication } from '../application.js';
import { findingOf, type BenchCase } from '../finding.js';
import { runLogged, type AppendRow } from '../floors/order-log.js';
import { inGroups } from '../floors/sqlite-group-log.js';
import { oneByOne, openFloor, type Connection } from '../floors/sqlite-log.js';
import { alternate, timed, timedEach, type Contestant, type Load, type Round } from '../measure.js';
import { newOrder, orderId, OrderSaga } from '../order-saga.js';
import { temporaryFile } from '../temporary-file.js';

const LEAST_ROUNDS = 9;

/** Run on either side before the first round, without waiting for the disk: what is measured is a process that has run for a while. */
const AT_FIRST = 5_000;

/** Each transition waits for the disk alone. */
export const sqliteOneAtATime: BenchCase = {
  name: 'sqlite',
  run: async (rounds) => {
    // Short rounds, and more of them: the disk's mood changes within seconds.
    const load = { sagas: 100, atOnce: 1 };
    const comparison = await alternate({
      rounds: 3 * Math.max(rounds, LEAST_ROUNDS),
      warmUp: 6,
      ours: () => ours(load),
      floor: () => floor(load, oneByOne),
    });
    return [findingOf('sqlite', comparison, 0.8)];
  },
};

/** Transitions that meet share a commit. */
export const sqliteAtOnce: BenchCase = {
  name: 'sqlite-64-at-once',
  run: async (rounds) => {
    const load = { sagas: 4_000, atOnce: 64 };
    const comparison = await alternate({
      rounds: Math.max(rounds, LEAST_ROUNDS),
      warmUp: 2,
      ours: () => ours(load),
      floor: () => floor(load, inGroups),
    });
    return [findingOf('sqlite-64-at-once', comparison, 0.5)];
  },
};

async function ours(load: Load): Promise<Contestant> {
  const file = await temporaryFile();
  const client = new Database(file.path);
  // The floor's rounds hold up the event loop, on a slow disk for longer than a lease lasts by default.
  const lease = { duration: 120_000 };
  const { runner, close } = await startApplication({ storage: new SqliteSagaStorage({ client }), lease });
  const run = (n: number) => runner.run(OrderSaga, newOrder(n), { id: orderId(n) });
  return {
    round: await rounds(client, { load, timer: timedEach, run }),
    async close() {
      await close();
      client.close();
      await file.remove();
    },
  };
}

async function floor(load: Load, log: (database: Connection) => AppendRow): Promise<Contestant> {
  const file = await temporaryFile();
  const database = openFloor(file.path);
  const append = log(database);
  const run = (n: number) => runLogged(orderId(n), newOrder(n), append);
  return {
    round: await rounds(database, { load, timer: timed, run }),
    async close() {
      database.close();
      await file.remove();
    },
  };
}

interface Rounds {
  readonly load: Load;
  readonly timer: typeof timed;
  /** Runs the n-th saga: no two rounds have one in common. */
  readonly run: (n: number) => Promise<unknown>;
}

async function rounds(database: Connection, { load, timer, run }: Rounds): Promise<() => Promise<Round>> {
  database.exec('PRAGMA synchronous = OFF');
  await timer({ ...load, sagas: AT_FIRST }, run);
  database.exec('PRAGMA synchronous = FULL');
  let started = AT_FIRST;
  return () => {
    const first = started;
    started += load.sagas;
    return timer(load, (n) => run(first + n));
  };
}
