/**
 * A worker in a process of its own: `worker.ts <server> <address>`. Told `interrupt`, it begins sagas that get no further than their second
 * step, and says when all of them are there; told `run`, it runs sagas to their end. Otherwise it only takes up what others have left.
 */
import { Saga, SagaDefinition, SagaStep, type SagaStepHandler, type StepExecution } from 'nest-saga';
import { startApplication } from '../application.js';
import { timed } from '../measure.js';
import { newOrder, orderId, ReserveInventory, ShipOrder, type Order, type Receipt } from '../order-saga.js';
import { serverOf } from '../servers/all.js';

/** What a worker is told. Its sagas are numbered from `first` on. */
export type WorkerOrder =
  | { readonly type: 'interrupt'; readonly first: number; readonly sagas: number }
  | { readonly type: 'run'; readonly first: number; readonly sagas: number }
  /** Say how many sagas have come to their last step here. */
  | { readonly type: 'count' };

const [server = '', address = ''] = process.argv.slice(2);

/** Waits for ever in the process that is to be interrupted, and in no other. */
let waits = false;
let waiting = 0;

@SagaStep({ name: 'charge-payment' })
class ChargeOrWait implements SagaStepHandler<Order, Receipt> {
  async act(order: Order, execution: StepExecution): Promise<Receipt> {
    if (waits && execution.attempt === 1) {
      waiting++;
      await new Promise(() => undefined);
    }
    order.paymentId = 'payment-1';
    return { id: 'payment-1' };
  }

  async compensate(order: Order): Promise<void> {
    delete order.paymentId;
  }
}

/** Sagas that have come to their last step here. */
let shipped = 0;

@SagaStep({ name: 'ship-order' })
class ShipAndCount extends ShipOrder {
  override async act(order: Order): Promise<Receipt> {
    shipped++;
    return super.act(order);
  }
}

@Saga({ name: 'order', steps: [ReserveInventory, ChargeOrWait, ShipAndCount] })
class InterruptedOrderSaga extends SagaDefinition<Order> {}

const PROVIDERS = [InterruptedOrderSaga, ReserveInventory, ChargeOrWait, ShipAndCount];

/** How many a worker has under way, of those that it takes up as of new ones. */
const AT_ONCE = 200;

const database = serverOf(server).open(address);
const { runner } = await startApplication(
  { storage: database.storage(), recovery: { interval: 100, concurrency: AT_ONCE } },
  PROVIDERS,
);
process.on('message', (order: WorkerOrder) => void obey(order).then((answer) => process.send?.(answer)));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function obey(order: WorkerOrder): Promise<number> {
  if (order.type === 'count') return shipped;
  const { type, first, sagas } = order;
  waits = type === 'interrupt';
  const run = (n: number) => runner.run(InterruptedOrderSaga, newOrder(first + n), { id: orderId(first + n) });
  if (type === 'run') {
    await timed({ sagas, atOnce: AT_ONCE }, run);
    return shipped;
  }
  for (let n = 0; n < sagas; n++) void run(n);
  while (waiting < sagas) await new Promise(setImmediate);
  return shipped;
}
