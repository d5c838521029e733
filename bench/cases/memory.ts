import { InMemorySagaStorage, type SagaModuleOptions } from 'nest-saga';
import type { NestInterceptor } from '@nestjs/common';
import { startApplication } from '../application.js';
import { findingOf, type BenchCase } from '../finding.js';
import { runPlainly } from '../floors/plain-loop.js';
import { alternate, timed, timedEach, type Comparison, type Contestant } from '../measure.js';
import { newOrder, orderId, OrderSaga } from '../order-saga.js';

const LOAD = { sagas: 20_000, atOnce: 1 };

/** Everything is copied on its way in and out, and kept: context, log and head of every saga of the round. */
export const inMemory: BenchCase = {
  name: 'memory',
  run: async (rounds) => [findingOf('memory', await compare(rounds, {}), 1 / 40)],
};

const PASS_ON: NestInterceptor = { intercept: (_context, next) => next.handle() };

/** The same with one interceptor around each step, which makes Nest build an execution context and an observable. */
export const inMemoryIntercepted: BenchCase = {
  name: 'memory-interceptor',
  run: async (rounds) => [findingOf('memory-interceptor', await compare(rounds, { interceptors: [PASS_ON] }))],
};

function compare(rounds: number, options: Partial<SagaModuleOptions>): Promise<Comparison> {
  return alternate({
    rounds,
    warmUp: 2,
    ours: async () => ours(options),
    floor: async () => floor(),
  });
}

/** Each round has an application of its own, so that what earlier ones kept weighs on nobody. */
function ours(options: Partial<SagaModuleOptions>): Contestant {
  return {
    async round() {
      const { runner, close } = await startApplication({ storage: new InMemorySagaStorage(), ...options });
      const round = await timedEach(LOAD, (n) => runner.run(OrderSaga, newOrder(n), { id: orderId(n) }));
      await close();
      return round;
    },
  };
}

/** Ten times as many, or its rounds would be over before the machine has noticed them. */
function floor(): Contestant {
  const load = { ...LOAD, sagas: LOAD.sagas * 10 };
  return { round: () => timed(load, (n) => runPlainly(orderId(n), newOrder(n))) };
}
