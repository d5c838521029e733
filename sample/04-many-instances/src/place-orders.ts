import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, ReplicaProcess } from './replica-process.js';

const ORDERS = 200;

/** 200 orders; every fifth is to an address that nobody delivers to, so that it is undone. */
export const orders: readonly Order[] = Array.from({ length: ORDERS }, (_, i) => ({
  orderId: `order-${String(i + 1).padStart(3, '0')}`,
  items: ['a book'],
  amount: 10 + (i % 50),
  address: `${i + 1} Nest Lane`,
  simulate: { delayMs: 40 + ((i * 7) % 60), ...(i % 5 === 4 ? { failAt: 'ship-order' } : {}) },
}));

/**
 * Sends the orders to the replicas in turn, as a load balancer would. One that gets no answer is sent to the next replica: its id is
 * the saga's, so an order that has arrived all the same is fulfilled once. `onHalf` is called, and not awaited, in the middle.
 */
export async function placeOrders(replicas: readonly ReplicaProcess[], onHalf: () => void): Promise<void> {
  const sent: Promise<void>[] = [];
  for (const [i, order] of orders.entries()) {
    if (i === ORDERS / 2) onHalf();
    sent.push(placeSomewhere(order, [...replicas.slice(i % 3), ...replicas.slice(0, i % 3)]));
    await sleep(5);
  }
  await Promise.all(sent);
}

async function placeSomewhere(order: Order, [first, ...others]: readonly ReplicaProcess[]): Promise<void> {
  if (first === undefined) throw new Error(`No replica takes ${order.orderId}.`);
  try {
    await first.place(order);
  } catch {
    await placeSomewhere(order, others);
  }
}
