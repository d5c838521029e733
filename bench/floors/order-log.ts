import { ORDER_STEPS, type Order, type OrderStep } from '../order-saga.js';

/** A row of a hand-written log: the same text that the library writes for the same transition. */
export interface FloorRow {
  readonly sagaId: string;
  readonly version: number;
  readonly writeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly entries: string;
  readonly context: string;
  /** Whether this row creates the saga, turns it back, or ends it: where a head is kept, these change it. */
  readonly changes?: 'created' | 'turned' | 'completed' | 'failed';
  /** Why it turned back, as JSON; with the row that does. */
  readonly error?: string;
}

export const FLOOR_WORKER = '00000000-0000-4000-8000-000000000000';

/** Makes a row durable. */
export type AppendRow = (row: FloorRow) => Promise<void> | void;

/**
 * The steps of an order with N + 1 durable rows, as one would write them by hand: "step 1 completed, step 2 started" is one
 * row. If a step throws, the saga turns back in the row that says so, and what was done is undone in reverse order, one row for
 * each. No retries, no recovery.
 *
 * @throws what the step threw, when everything is undone.
 */
export async function runLogged(
  id: string,
  order: Order,
  append: AppendRow,
  steps: readonly OrderStep[] = ORDER_STEPS,
): Promise<void> {
  const log = new OrderLog(id, order, append);
  await log.write([{ event: 'created' }, started(steps[0]!, 'act')], { changes: 'created' });
  for (const [n, step] of steps.entries()) {
    const next = steps[n + 1];
    let result: unknown;
    try {
      result = await step.handler.act(order);
    } catch (error) {
      await goBack(log, order, { thrown: error, failed: step, done: steps.slice(0, n).reverse() });
      throw error;
    }
    const completed = { event: 'completed', step: step.name, phase: 'act', attempt: 1, result };
    if (next === undefined) await log.write([completed, { event: 'completed' }], { changes: 'completed' });
    else await log.write([completed, started(next, 'act')]);
  }
}

interface Turn {
  readonly thrown: unknown;
  readonly failed: OrderStep;
  /** What stands and has to be undone, last first. */
  readonly done: readonly OrderStep[];
}

async function goBack(log: OrderLog, order: Order, { thrown, failed, done }: Turn): Promise<void> {
  const error = { name: 'Error', message: String(thrown) };
  const turn = [
    { event: 'failed', step: failed.name, phase: 'act', attempt: 1, outcome: 'failed', error },
    { event: 'compensating', round: 1, reason: 'step-failed' },
  ];
  await log.write([...turn, ...done.slice(0, 1).map((step) => started(step, 'compensate'))], {
    changes: 'turned',
    error: JSON.stringify(error),
  });
  for (const [n, step] of done.entries()) {
    const next = done[n + 1];
    await step.handler.compensate(order);
    const completed = { event: 'completed', step: step.name, phase: 'compensate', attempt: 1 };
    if (next === undefined) await log.write([completed, { event: 'failed' }], { changes: 'failed' });
    else await log.write([completed, started(next, 'compensate')]);
  }
}

function started({ name }: OrderStep, phase: 'act' | 'compensate'): object {
  return { event: 'started', step: name, phase, attempt: 1 };
}

/** Counts the rows of one saga. */
class OrderLog {
  private seq = 0;
  private version = 0;

  constructor(
    private readonly id: string,
    private readonly order: Order,
    private readonly append: AppendRow,
  ) {}

  write(entries: readonly object[], news?: Pick<FloorRow, 'changes' | 'error'>): Promise<void> | void {
    const firstSeq = this.seq + 1;
    this.seq += entries.length;
    this.version++;
    return this.append({
      sagaId: this.id,
      version: this.version,
      writeId: `${FLOOR_WORKER}/${this.version.toString(36)}`,
      firstSeq,
      lastSeq: this.seq,
      entries: JSON.stringify(entries),
      context: JSON.stringify(this.order),
      ...news,
    });
  }
}
