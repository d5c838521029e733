import type { Plan } from '../../lib/definition/plan.js';

/** What may go wrong, or come from outside, at any point. Each costs one of a scenario's `faults`. */
export type Fault =
  /** An act or compensation throws. */
  | 'throw'
  /** One throws an error that forbids another attempt. */
  | 'throw-for-good'
  /** Nobody can tell whether it happened; it happened, or not. */
  | 'unknown'
  /** It times out, and its call is still under way. */
  | 'timeout'
  /** It happened, but its result cannot be stored. */
  | 'unstorable'
  /** It calls `save()` in the middle. */
  | 'save'
  /** A process dies: before or after a write or an effect, or with one of them under way. */
  | 'crash'
  /** A worker loses its lease and does not know. */
  | 'stale'
  /** The answer of a write is lost: it has landed, it never will, or it lands late. */
  | 'lost'
  /** The application closes gracefully. */
  | 'close'
  /** An operator, from a third process. */
  | 'cancel'
  | 'retry'
  | 'resolve'
  /** `recover(id)` or `recoverAll()`. */
  | 'recover'
  /** The deadline passes. */
  | 'deadline'
  /** Other code is deployed, or the old code again. */
  | 'deploy';

/** One saga, and all that may happen to it. */
export interface Scenario {
  readonly name: string;
  readonly plan: Plan;
  /** At most so many faults, of any of `kinds`, at any points. */
  readonly faults: number;
  readonly kinds: ReadonlySet<Fault>;
  readonly maxAttempts: number;
  /** Created without a worker, as `start()` does without room. */
  readonly queued?: boolean;
  /** The act of this step always throws; that costs nothing. */
  readonly alwaysFails?: string;
  /** The compensation of this step always throws; that costs nothing. */
  readonly neverUndone?: string;
  /** The steps that other code, once deployed, has no handler for. */
  readonly missing?: readonly string[];
}

export const ROUND_DELAY = 1_000;
