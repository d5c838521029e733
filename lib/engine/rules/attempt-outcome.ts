import type { Plan, StepPlan } from '../../definition/plan.js';
import { retryDelayAfter } from '../../definition/retry-policy.js';
import type { EntryDraft } from '../../storage/log-entry.js';
import type { StoredError } from '../../storage/stored-error.js';
import { progressOf, type SagaState } from './saga-state.js';
import type { StepProgress } from './step-progress.js';

/** How an attempt ended without success, as it was seen from outside. */
export interface Misfortune {
  /** `unknown`: it timed out, said so itself, or its handler was entered and did not throw. */
  readonly outcome: 'failed' | 'unknown';
  readonly error: StoredError;
  /** Neither the error itself nor the step's `retryIf` forbids another attempt. */
  readonly retryable: boolean;
  /** A fallback's `on` accepts this error. */
  readonly handover: boolean;
  /** It did happen, but what it returned or left in the context cannot be stored. */
  readonly unstorable: boolean;
  /** 0 to 1, for the jitter. */
  readonly random: number;
}

/** The entry that says how an attempt of `act` ended without success, and whether there is another one. */
export function actNotDone(
  plan: Plan,
  step: StepPlan,
  state: SagaState,
  attempt: number,
  seen: Misfortune,
): EntryDraft {
  const progress = progressOf(state, step.name);
  const isPivot = step.kind === 'pivot';
  const isEndless = plan.behindPivot.has(step.name);
  // A pivot that was rolled back has not happened: it fails like every other step.
  if (seen.unstorable && (isEndless || (isPivot && seen.outcome === 'unknown'))) {
    return {
      event: 'held',
      held: { code: 'unstorable-result', message: `step "${step.name}": ${seen.error.message}` },
    };
  }
  // A pivot honours its key: when it is acted again and throws, that is the answer.
  const outcome = !isPivot && isDoubtful(progress) ? 'unknown' : seen.outcome;
  const failures = (progress?.act.failures ?? 0) + 1;
  const goesOn =
    isEndless || (isPivot && outcome === 'unknown') || (seen.retryable && failures < step.retry.retryCount);
  const handsOver = !goesOn && seen.handover && (outcome === 'failed' || step.kind === 'readonly');
  return {
    event: 'failed',
    step: step.name,
    phase: 'act',
    attempt,
    outcome,
    error: seen.error,
    ...(goesOn ? { retryIn: retryDelayAfter(failures, step.retry, seen.random) } : {}),
    ...(handsOver ? { handover: true as const } : {}),
  };
}

/** An earlier attempt may have happened, or this one made a part of its work durable before it threw. */
function isDoubtful(progress: StepProgress | undefined): boolean {
  return progress?.doubtful === true || progress?.saved === true;
}

/** The entry that says how an attempt of `compensate` ended without success, and whether there is another one. */
export function compensateNotDone(step: StepPlan, state: SagaState, attempt: number, seen: Misfortune): EntryDraft {
  const failures = (progressOf(state, step.name)?.compensation.failures ?? 0) + 1;
  const goesOn = seen.retryable && failures < step.compensation.retryCount;
  return {
    event: 'failed',
    step: step.name,
    phase: 'compensate',
    attempt,
    outcome: seen.outcome,
    error: seen.error,
    ...(goesOn ? { retryIn: retryDelayAfter(failures, step.compensation, seen.random) } : {}),
  };
}
