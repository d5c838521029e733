import type { SagaModuleOptions } from 'nest-saga';
import { startApplication } from './application.js';
import type { BenchSaga } from './bench-saga.js';
import { runLogged } from './floors/order-log.js';
import { timed, timedEach, type Contestant, type Load } from './measure.js';
import { newOrder, orderId } from './order-saga.js';
import type { BenchServer } from './servers/bench-server.js';

/** Run before the first round: what is measured is a process that has run for a while. */
const COMPILED = { sagas: 2_000, atOnce: 64 };

export interface ContestantOptions {
  readonly server: BenchServer;
  readonly saga: BenchSaga;
  readonly load: Load;
  readonly module?: Partial<SagaModuleOptions>;
}

/** This library, in an application on a database of its own. */
export async function ours({
  server,
  saga: { saga, providers, fails },
  load,
  module,
}: ContestantOptions): Promise<Contestant> {
  const database = await server.create();
  const { runner, close } = await startApplication({ storage: database.storage(), ...module }, providers);
  const run = fails ? expectFailure : (saga: Promise<unknown>) => saga;
  const orders = new Orders(load.sagas);
  await timed(COMPILED, (n) => run(runner.run(saga, newOrder(n), { id: `warm-up-${orderId(n)}` })));
  return {
    round() {
      const first = orders.next();
      return timedEach(load, (n) => run(runner.run(saga, newOrder(first + n), { id: orderId(first + n) })));
    },
    counters: () => database.counters(),
    async close() {
      await close();
      await database.close();
    },
  };
}

/** The hand-written log, on a database of its own. */
export async function floor({ server, saga: { steps, fails }, load }: ContestantOptions): Promise<Contestant> {
  const database = await server.create();
  const append = await database.floor(steps);
  const run = fails ? expectFailure : (saga: Promise<unknown>) => saga;
  const orders = new Orders(load.sagas);
  await timed(COMPILED, (n) => run(runLogged(`warm-up-${orderId(n)}`, newOrder(n), append, steps)));
  return {
    round() {
      const first = orders.next();
      return timedEach(load, (n) => run(runLogged(orderId(first + n), newOrder(first + n), append, steps)));
    },
    counters: () => database.counters(),
    close: () => database.close(),
  };
}

/** No order comes twice. */
class Orders {
  private made = 0;

  constructor(private readonly perRound: number) {}

  next(): number {
    const first = this.made;
    this.made += this.perRound;
    return first;
  }
}

async function expectFailure(saga: Promise<unknown>): Promise<void> {
  await saga.then(
    () => Promise.reject(new Error('it should have failed')),
    () => undefined,
  );
}
