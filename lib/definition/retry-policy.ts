/**
 * How long to wait between attempts, and how many there are. All times are milliseconds. Delays grow exponentially and partly
 * at random, as Ethernet's do (Metcalfe and Boggs, 1976).
 */
export interface RetrySchedule {
  /** All attempts, the first included. `Infinity` for retriable steps. */
  readonly retryCount: number;
  /** Before the second attempt. */
  readonly retryDelay: number;
  /** Factor by which the delay grows with each attempt. */
  readonly retryBackoff: number;
  /** The delay never grows beyond this. */
  readonly maxRetryDelay: number;
  /** The share of the delay, 0 to 1, that is random. */
  readonly jitter: number;
}

/** What to do with the compensations behind one that used up its attempts. */
export type ExhaustedPolicy = 'continue' | 'halt';

/** How compensations are retried, and what becomes of the others when one cannot be done. */
export interface CompensationPolicy extends RetrySchedule {
  /** Milliseconds that one attempt of `compensate` may take; absent: no limit. */
  readonly timeout?: number;
  /** `'continue'` goes on with the others, `'halt'` leaves them as they are: strict order. Default: `'continue'`. */
  readonly onExhausted: ExhaustedPolicy;
}

/** `retry` of `@SagaStep()`: what of the default schedule this step changes, and which errors are worth another attempt. */
export interface RetryPolicy extends Partial<RetrySchedule> {
  /** Whether another attempt may help after this error. Default: after every error but a `NonRetryableError`. */
  readonly retryIf?: (error: unknown) => boolean;
}

/** `compensation` of `@SagaStep()`, `@Saga()` and `forRoot()`; what the first of them leaves out, the next one decides. */
export type CompensationOptions = Partial<CompensationPolicy>;

/** An act is tried once unless its step says otherwise. */
export const DEFAULT_RETRY: RetrySchedule = {
  retryCount: 1,
  retryDelay: 1000,
  retryBackoff: 2,
  maxRetryDelay: 60_000,
  jitter: 0,
};

/** A compensation is tried three times unless step, saga or module say otherwise. */
export const DEFAULT_COMPENSATION: CompensationPolicy = {
  ...DEFAULT_RETRY,
  retryCount: 3,
  onExhausted: 'continue',
};

/**
 * The delay after the `attempt`th attempt has failed: `retryDelay · retryBackoff^(attempt-1)`, at most
 * `maxRetryDelay`, of which the share `jitter` is scaled by `random` (0 to 1).
 */
export function retryDelayAfter(attempt: number, schedule: RetrySchedule, random: number): number {
  const full = Math.min(schedule.retryDelay * schedule.retryBackoff ** (attempt - 1), schedule.maxRetryDelay);
  return Math.round(full * (1 - schedule.jitter + schedule.jitter * random));
}
