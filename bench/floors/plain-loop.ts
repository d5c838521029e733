import { ORDER_STEPS, type Order } from '../order-saga.js';

type Entry =
  | { readonly event: 'started'; readonly step: string; readonly at: number }
  | { readonly event: 'completed'; readonly step: string; readonly at: number; readonly result: unknown };

/** What a plain loop leaves behind of a saga. */
export interface Finished {
  readonly id: string;
  readonly log: readonly Entry[];
  readonly context: Order;
}

/**
 * The least that somebody would write who has no library: call the steps one after the other, with a log and a copy of the context
 * after each, and undo in reverse order. When a saga is over the loop forgets it. No retries, timeouts, enhancers or
 * events; nothing is fenced, checked, or found again.
 */
export async function runPlainly(id: string, given: Order): Promise<Finished> {
  const order = { ...given };
  const log: Entry[] = [];
  let context = order;
  try {
    for (const { name, handler } of ORDER_STEPS) {
      log.push({ event: 'started', step: name, at: Date.now() });
      const result = await handler.act(order);
      log.push({ event: 'completed', step: name, at: Date.now(), result });
      context = { ...order };
    }
    return { id, log, context };
  } catch (error) {
    const completed = log.filter(({ event }) => event === 'completed').map(({ step }) => step);
    for (const { name, handler } of [...ORDER_STEPS].reverse()) {
      if (completed.includes(name)) await handler.compensate(order);
    }
    throw error;
  }
}
