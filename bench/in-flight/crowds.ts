import Database from 'libsql';
import { InMemorySagaStorage, Saga, SagaDefinition, SagaStep, type SagaStepHandler, type SagaStorage } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { startApplication } from '../application.js';
import { newOrder, orderId, ChargePayment, ReserveInventory, type Order, type Receipt } from '../order-saga.js';
import { postgres } from '../servers/postgres.js';
import { temporaryFile } from '../temporary-file.js';
import { Gate } from './gate.js';

/** Many sagas at once, that wait in their last step until they are released. */
export interface Crowd {
  /** Starts one more. */
  run(): Promise<unknown>;
  /** Resolves when so many wait. */
  waiting(sagas: number): Promise<void>;
  /** Lets those go on that wait. */
  release(): void;
  close(): Promise<void>;
}

const gate = new Gate();

@SagaStep({ name: 'ship-order' })
class ShipWhenAsked implements SagaStepHandler<Order, Receipt> {
  async act(order: Order): Promise<Receipt> {
    await gate.pass();
    order.parcelId = 'parcel-1';
    return { id: 'parcel-1' };
  }

  async compensate(order: Order): Promise<void> {
    delete order.parcelId;
  }
}

@Saga({ name: 'order', steps: [ReserveInventory, ChargePayment, ShipWhenAsked] })
class WaitingOrderSaga extends SagaDefinition<Order> {}

/** @throws for a crowd that nobody knows. */
export async function crowdOf(what: string): Promise<Crowd> {
  switch (what) {
    case 'memory':
      return sagasIn(new InMemorySagaStorage(), async () => undefined);
    case 'sqlite': {
      const file = await temporaryFile();
      const client = new Database(file.path);
      return sagasIn(new SqliteSagaStorage({ client }), async () => {
        client.close();
        await file.remove();
      });
    }
    case 'postgres': {
      const database = await postgres.create();
      return sagasIn(database.storage(), () => database.close());
    }
    case 'plain-loop':
      return plainLoops();
    default:
      throw new Error(`no such crowd: ${what}`);
  }
}

async function sagasIn(storage: SagaStorage, dispose: () => Promise<void>): Promise<Crowd> {
  const { runner, close } = await startApplication({ storage }, [
    WaitingOrderSaga,
    ReserveInventory,
    ChargePayment,
    ShipWhenAsked,
  ]);
  let started = 0;
  return {
    run: () => {
      const n = started++;
      return runner.run(WaitingOrderSaga, newOrder(n), { id: orderId(n) });
    },
    waiting: (sagas) => gate.reached(sagas),
    release: () => gate.open(),
    async close() {
      await close();
      await dispose();
    },
  };
}

/** The floor: the same handlers, called one after the other, with a log and a context that nobody else has. */
function plainLoops(): Crowd {
  const steps = [new ReserveInventory(), new ChargePayment(), new ShipWhenAsked()];
  let started = 0;
  return {
    async run() {
      const n = started++;
      const order = newOrder(n);
      const log: object[] = [];
      let context = order;
      for (const step of steps) {
        log.push({ event: 'started', step: step.constructor.name, at: Date.now() });
        log.push({ event: 'completed', result: await step.act(order), at: Date.now() });
        context = { ...order };
      }
      return { id: orderId(n), log, context };
    },
    waiting: (sagas) => gate.reached(sagas),
    release: () => gate.open(),
    close: async () => undefined,
  };
}
