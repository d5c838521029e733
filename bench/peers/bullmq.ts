/** The order as a step job of BullMQ, as its guide shows: `bullmq.ts <port of a Redis>`. */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { play } from './play.js';

type Step = 'reserve-inventory' | 'charge-payment' | 'ship-order' | 'finished';

interface Order {
  readonly orderId: string;
  readonly amount: number;
  readonly step: Step;
  readonly reservationId?: string;
  readonly paymentId?: string;
  readonly parcelId?: string;
}

const [port = ''] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port) };
const queue = new Queue<Order>('orders', { connection });
const events = new QueueEvents('orders', { connection });
events.setMaxListeners(0);

/** Each step's outcome and the next step are in the job's data before the next step begins. */
const worker = new Worker<Order, Order>(
  'orders',
  async (job) => {
    let order = job.data;
    const save = async (next: Order): Promise<void> => {
      await job.updateData(next);
      order = next;
    };
    while (order.step !== 'finished') {
      switch (order.step) {
        case 'reserve-inventory':
          await save({ ...order, reservationId: 'reservation-1', step: 'charge-payment' });
          break;
        case 'charge-payment':
          await save({ ...order, paymentId: 'payment-1', step: 'ship-order' });
          break;
        case 'ship-order':
          await save({ ...order, parcelId: 'parcel-1', step: 'finished' });
          break;
      }
    }
    return order;
  },
  { connection, concurrency: 1_000 },
);
await Promise.all([events.waitUntilReady(), worker.waitUntilReady()]);

play(
  async (n) => {
    const job = await queue.add('order', { orderId: `order-${n}`, amount: 42, step: 'reserve-inventory' });
    return job.waitUntilFinished(events);
  },
  async () => {
    await worker.close();
    await events.close();
    await queue.close();
  },
);
