import type { RegisteredStep } from '../discovery/registered-step.js';
import { SagaDeadlineError } from '../errors/saga-deadline-error.js';
import { StepTimeoutError } from '../errors/step-timeout-error.js';
import type { Phase } from '../storage/log-entry.js';
import type { RunnableSaga } from './runnable-saga.js';
import type { StorageClock } from './storage-clock.js';

/** How long an attempt may take. */
export interface TimeLimit {
  /** Milliseconds from the attempt's start. */
  readonly ms: number;
  /** What an attempt that takes longer is told, and ends with. */
  readonly error: () => Error;
  /** Set when it is the saga's deadline that limits it; ms, storage's clock. */
  readonly deadlineAt?: number;
}

/** What limits an attempt: the step's own timeout, or before the pivot what is left until the saga's deadline. */
export function timeLimitOf(
  saga: RunnableSaga,
  step: RegisteredStep,
  {
    phase,
    deadlineAt,
    clock,
  }: { readonly phase: Phase; readonly deadlineAt: number | undefined; readonly clock: StorageClock },
): TimeLimit | undefined {
  const timeout = phase === 'act' ? step.plan.timeout : step.plan.compensation.timeout;
  if (timeout === undefined && deadlineAt === undefined) return undefined;
  const now = clock.now();
  const { id: sagaId, plan } = saga;
  const isReversible = phase === 'act' && step.plan.kind !== 'pivot' && !plan.behindPivot.has(step.name);
  if (isReversible && deadlineAt !== undefined && deadlineAt - now < (timeout ?? Infinity)) {
    const error = (): Error => new SagaDeadlineError({ sagaId, deadline: plan.deadline ?? 0 });
    return { ms: Math.max(1, deadlineAt - now), error, deadlineAt };
  }
  if (timeout === undefined) return undefined;
  return { ms: timeout, error: () => new StepTimeoutError({ sagaId, step: step.name, phase, timeout }) };
}
