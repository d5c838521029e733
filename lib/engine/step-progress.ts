import type { JsonValue } from '../storage/json-value.js';
import type { StepEntry, StepFailed } from '../storage/log-entry.js';

/**
 * How far one phase of a step has come. `interrupted`: its worker is gone, so nobody knows how it ended. `retrying`: the last
 * attempt did not succeed, another one is due. `failed` and `unknown` are how an act, or a round's compensation, ended for good.
 */
export type PhaseStatus =
  'idle' | 'started' | 'interrupted' | 'retrying' | 'completed' | 'failed' | 'unknown' | 'skipped';

export interface PhaseProgress {
  readonly status: PhaseStatus;
  /** Every attempt that started, interrupted ones included. */
  readonly attempts: number;
  /** The attempts that used up the retries: those that ended without success. A crash uses up none. */
  readonly failures: number;
  /** When the next attempt is due; ms, storage's clock. */
  readonly dueAt?: number;
}

/** What the log says of one step. */
export interface StepProgress {
  readonly name: string;
  readonly act: PhaseProgress;
  /** When the last attempt of act started; ms, storage's clock. */
  readonly actStartedAt?: number;
  /** Some attempt of act may have happened without anybody knowing: it was interrupted, timed out, or saved and then threw. */
  readonly doubtful?: true;
  /** The attempt of act in flight has called `save()`. */
  readonly saved?: true;
  /** Failed, and its fallback's backup takes over. */
  readonly handover?: true;
  readonly result?: JsonValue;
  readonly compensation: PhaseProgress;
}

const IDLE: PhaseProgress = { status: 'idle', attempts: 0, failures: 0 };

export const NEW_STEP: Omit<StepProgress, 'name'> = { act: IDLE, compensation: IDLE };

/** The step after one more of its entries, written at `at`. */
export function applyStepEntry(step: StepProgress, entry: StepEntry, at: number): StepProgress {
  return entry.phase === 'act' ? applyToAct(step, entry, at) : applyToCompensation(step, entry, at);
}

function applyToAct(step: StepProgress, entry: Exclude<StepEntry, { event: 'skipped' }>, at: number): StepProgress {
  switch (entry.event) {
    case 'started': {
      const { saved: _, ...rest } = step;
      return { ...rest, act: started(step.act), actStartedAt: at };
    }
    case 'completed':
      return {
        ...step,
        act: ended(step.act, 'completed'),
        ...(entry.result === undefined ? {} : { result: entry.result }),
      };
    case 'failed': {
      const { doubtful: _, ...rest } = step;
      const doubt = entry.outcome === 'unknown' ? { doubtful: true as const } : {};
      const handover = entry.handover ? { handover: true as const } : {};
      return { ...rest, act: unsuccessful(step.act, entry, at), ...doubt, ...handover };
    }
    case 'saved':
      return { ...step, saved: true };
  }
}

function applyToCompensation(step: StepProgress, entry: StepEntry, at: number): StepProgress {
  switch (entry.event) {
    case 'started':
      return { ...step, compensation: started(step.compensation) };
    case 'completed':
      return { ...step, compensation: ended(step.compensation, 'completed') };
    case 'failed':
      return { ...step, compensation: unsuccessful(step.compensation, entry, at) };
    case 'skipped':
      return { ...step, compensation: ended(step.compensation, 'skipped') };
    case 'saved':
      return step;
  }
}

function started({ attempts, failures }: PhaseProgress): PhaseProgress {
  return { status: 'started', attempts: attempts + 1, failures };
}

function ended({ attempts, failures }: PhaseProgress, status: PhaseStatus): PhaseProgress {
  return { status, attempts, failures };
}

function unsuccessful({ attempts, failures }: PhaseProgress, entry: StepFailed, at: number): PhaseProgress {
  const counts = { attempts, failures: failures + 1 };
  return entry.retryIn === undefined
    ? { status: entry.outcome, ...counts }
    : { status: 'retrying', ...counts, dueAt: at + entry.retryIn };
}

/** The worker of this step is gone: whatever it had in flight may or may not have happened. */
export function interruptStep(step: StepProgress): StepProgress {
  const act = step.act.status === 'started' ? { ...step.act, status: 'interrupted' as const } : step.act;
  const compensation =
    step.compensation.status === 'started'
      ? { ...step.compensation, status: 'interrupted' as const }
      : step.compensation;
  if (act === step.act && compensation === step.compensation) return step;
  return { ...step, act, compensation, ...(act === step.act ? {} : { doubtful: true as const }) };
}

/** A new round of compensation: all that is not done gets its attempts back. */
export function resetCompensation(step: StepProgress): StepProgress {
  const { status, attempts } = step.compensation;
  return status === 'completed' || status === 'skipped'
    ? step
    : { ...step, compensation: { status: 'idle', attempts, failures: 0 } };
}
