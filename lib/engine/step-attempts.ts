import { MAX_DELAY } from './pause.js';
import { NonRetryableError } from '../errors/non-retryable-error.js';
import { storeError } from '../errors/error-to-stored.js';
import type { RegisteredStep } from '../discovery/registered-step.js';
import type { ExecutionPolicy } from '../definition/fallback.js';
import type { Misfortune } from './rules/attempt-outcome.js';
import type { StepAttempt } from './step-attempt.js';
import type { StepCall } from './step-call.js';
import type { StepInvoker } from './step-invoker.js';
import type { TimeLimit } from './time-limit.js';

/** How an attempt ended. `cut`: it was ended from outside, so nothing is to be written of it. */
export type AttemptEnd =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly error: unknown; readonly outcome: 'failed' | 'unknown' }
  | { readonly type: 'timed-out'; readonly error: Error }
  | { readonly type: 'cut'; readonly error: Error };

/** An attempt under way. */
export class RunningAttempt<Use> {
  /** What is made of how it ended. */
  readonly used: Promise<Use>;
  #resolve!: (used: Use | Promise<Use>) => void;
  #reject!: (error: unknown) => void;
  #isOver = false;
  #timer?: NodeJS.Timeout;

  private constructor(
    private readonly attempt: StepAttempt,
    private readonly use: (end: AttemptEnd) => Use | Promise<Use>,
  ) {
    this.used = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Calls a step's phase. `use` is called once: when that returns, throws, takes longer than `limit`, or is cut. */
  static start<Use>(
    invoker: StepInvoker,
    call: StepCall,
    { limit, use }: { readonly limit: TimeLimit | undefined; readonly use: (end: AttemptEnd) => Use | Promise<Use> },
  ): RunningAttempt<Use> {
    const running = new RunningAttempt(call.attempt, use);
    if (limit !== undefined && limit.ms <= MAX_DELAY) running.limit(limit);
    invoke(invoker, call).then(
      (value) => running.settle({ type: 'returned', value }),
      (error: unknown) => running.settle({ type: 'threw', error, outcome: call.attempt.outcomeOf(error) }),
    );
    return running;
  }

  /** Ends it at once, whatever its handler still does; its signal fires. */
  cut(error: Error): void {
    this.attempt.abort(error);
    this.settle({ type: 'cut', error });
  }

  private limit(limit: TimeLimit): void {
    this.#timer = setTimeout(() => {
      const error = limit.error();
      this.attempt.abort(error);
      this.settle({ type: 'timed-out', error });
    }, limit.ms);
  }

  private settle(end: AttemptEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.attempt.end();
    try {
      this.#resolve(this.use(end));
    } catch (error) {
      this.#reject(error);
    }
  }
}

/** A fallback's policy, a circuit breaker for instance, stands around the primary's act. */
function invoke(invoker: StepInvoker, call: StepCall): Promise<unknown> {
  const policy = call.attempt.phase === 'act' ? call.step.fallback?.policy : undefined;
  return policy === undefined ? invoker.invoke(call) : invokeUnderPolicy(policy, () => invoker.invoke(call));
}

async function invokeUnderPolicy(policy: ExecutionPolicy, invoke: () => Promise<unknown>): Promise<unknown> {
  return policy.execute(invoke);
}

/** What the rules have to know about an attempt that did not succeed. */
export function misfortuneOf(step: RegisteredStep, error: unknown, outcome: 'failed' | 'unknown'): Misfortune {
  return {
    outcome,
    error: storeError(error),
    retryable: !(error instanceof NonRetryableError) && accepts(step.retryIf, error),
    handover: step.fallback !== undefined && accepts(step.fallback.on, error),
    unstorable: false,
    random: Math.random(),
  };
}

/** It happened, but what it left behind cannot be stored: trying again would not help. */
export function unstorable(error: unknown): Misfortune {
  return {
    outcome: 'unknown',
    error: storeError(error),
    retryable: false,
    handover: false,
    unstorable: true,
    random: 0,
  };
}

/** A predicate of the application's; one that throws says no. */
function accepts(predicate: ((error: unknown) => boolean) | undefined, error: unknown): boolean {
  if (predicate === undefined) return true;
  try {
    return predicate(error);
  } catch {
    return false;
  }
}
