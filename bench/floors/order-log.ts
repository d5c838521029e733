import { ORDER_STEPS, type Order } from '../order-saga.js';

/** A row of a hand-written log: the same text that the library writes for the same transition. */
export interface FloorRow {
  readonly sagaId: string;
  readonly version: number;
  readonly writeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly entries: string;
  readonly context: string;
  /** Whether this row creates the saga, or ends it: where a head is kept, these two change it. */
  readonly changes?: 'created' | 'completed';
}

export const FLOOR_WORKER = '00000000-0000-4000-8000-000000000000';

/** Makes a row durable. */
export type AppendRow = (row: FloorRow) => Promise<void> | void;

/**
 * The three steps of an order with N + 1 durable rows, as one would write them by hand: "step 1 completed, step 2
 * started" is one row. Nothing but the log: no compensation, no retries, no recovery.
 */
export async function runLogged(id: string, order: Order, append: AppendRow): Promise<void> {
  let seq = 0;
  let version = 0;
  const write = (entries: readonly object[], changes?: FloorRow['changes']): Promise<void> | void => {
    const firstSeq = seq + 1;
    seq += entries.length;
    version++;
    return append({
      sagaId: id,
      version,
      writeId: `${FLOOR_WORKER}/${version.toString(36)}`,
      firstSeq,
      lastSeq: seq,
      entries: JSON.stringify(entries),
      context: JSON.stringify(order),
      ...(changes && { changes }),
    });
  };
  const started = (step: number): object => ({
    event: 'started',
    step: ORDER_STEPS[step]?.name,
    phase: 'act',
    attempt: 1,
  });

  await write([{ event: 'created' }, started(0)], 'created');
  for (const [n, { name, handler }] of ORDER_STEPS.entries()) {
    const result = await handler.act(order);
    const completed = { event: 'completed', step: name, phase: 'act', attempt: 1, result };
    const isLast = n === ORDER_STEPS.length - 1;
    if (isLast) await write([completed, { event: 'completed' }], 'completed');
    else await write([completed, started(n + 1)]);
  }
}
