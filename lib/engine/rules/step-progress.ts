import type { JsonValue } from '../../storage/json-value.js';
import type { StepEntry, StepFailed } from '../../storage/log-entry.js';

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
  readonly dueAt?: number | undefined;
}

/** What the log says of one step. */
export interface StepProgress {
  readonly name: string;
  readonly act: PhaseProgress;
  /** When the last attempt of act started; ms, storage's clock. */
  readonly actStartedAt?: number | undefined;
  /**
   * When the last attempt of act had started whose worker died, or that the saga's deadline cut short: its call may still be on its way.
   * Ms, storage's clock.
   */
  readonly lostAt?: number | undefined;
  /** Some attempt of act may have happened without anybody knowing: it was interrupted, timed out, or saved and then threw. */
  readonly doubtful?: true | undefined;
  /** The attempt of act in flight has called `save()`. */
  readonly saved?: true | undefined;
  /** The last attempt of act that started shared a transaction with its completion: not completed, it did not happen. */
  readonly transactional?: true | undefined;
  /** Failed, and its fallback's backup takes over. */
  readonly handover?: true | undefined;
  readonly result?: JsonValue | undefined;
  readonly compensation: PhaseProgress;
}

const IDLE: PhaseProgress = { status: 'idle', attempts: 0, failures: 0, dueAt: undefined };

/** Nearly all steps are done at the first attempt: they share what there is to say of it. */
const FIRST_STARTED: PhaseProgress = { status: 'started', attempts: 1, failures: 0, dueAt: undefined };
const FIRST_COMPLETED: PhaseProgress = { status: 'completed', attempts: 1, failures: 0, dueAt: undefined };

/** A step that has not started. All fields are there from the start: objects of one shape are fast. */
export function newStep(name: string): StepDraft {
  return {
    name,
    act: IDLE,
    actStartedAt: undefined,
    lostAt: undefined,
    doubtful: undefined,
    saved: undefined,
    transactional: undefined,
    handover: undefined,
    result: undefined,
    compensation: IDLE,
  };
}

/** A step that is being made of what it was, or that only its owner knows. */
export type StepDraft = { -readonly [Field in keyof StepProgress]: StepProgress[Field] };

/** Spelled out, because V8 makes a literal in a tenth of the time of a spread, and folding is most of what deciding costs. */
export function stepDraftOf(step: StepProgress): StepDraft {
  return {
    name: step.name,
    act: step.act,
    actStartedAt: step.actStartedAt,
    lostAt: step.lostAt,
    doubtful: step.doubtful,
    saved: step.saved,
    transactional: step.transactional,
    handover: step.handover,
    result: step.result,
    compensation: step.compensation,
  };
}

/** The step after one more of its entries, written at `at`. */
export function applyStepEntry(step: StepProgress, entry: StepEntry, at: number): StepProgress {
  const next = stepDraftOf(step);
  changeStep(next, entry, at);
  return next;
}

/** The same in place. */
export function changeStep(step: StepDraft, entry: StepEntry, at: number): void {
  if (entry.phase === 'act') applyToAct(step, entry, at);
  else applyToCompensation(step, entry, at);
}

function applyToAct(next: StepDraft, entry: Exclude<StepEntry, { event: 'skipped' }>, at: number): void {
  switch (entry.event) {
    case 'started':
      loseOpenAct(next);
      next.act = started(next.act);
      next.actStartedAt = at;
      next.saved = undefined;
      next.transactional = entry.transactional;
      break;
    case 'completed':
      next.act = ended(next.act, 'completed');
      next.result = entry.result;
      break;
    case 'failed':
      next.act = unsuccessful(next.act, entry, at);
      next.doubtful = entry.outcome === 'unknown' ? true : undefined;
      if (isCutShort(entry)) next.lostAt = next.actStartedAt;
      next.handover = entry.handover;
      break;
    case 'saved':
      next.saved = true;
      break;
  }
}

/** An attempt that nothing tells the end of: its worker lost what it knew of it when an earlier write of its own came late. */
function loseOpenAct(next: StepDraft): void {
  if (next.act.status !== 'started' || next.transactional) return;
  next.doubtful = true;
  next.lostAt = next.actStartedAt;
}

/** The saga's deadline ended it before its own timeout: its call may be on its way as long as that of a dead worker. */
function isCutShort({ outcome, error }: StepFailed): boolean {
  return outcome === 'unknown' && error.code === 'SAGA_DEADLINE';
}

function applyToCompensation(next: StepDraft, entry: StepEntry, at: number): void {
  switch (entry.event) {
    case 'started':
      next.compensation = started(next.compensation);
      break;
    case 'completed':
    case 'skipped':
      next.compensation = ended(next.compensation, entry.event);
      break;
    case 'failed':
      next.compensation = unsuccessful(next.compensation, entry, at);
      break;
    case 'saved':
      break;
  }
}

function started({ attempts, failures }: PhaseProgress): PhaseProgress {
  if (attempts === 0 && failures === 0) return FIRST_STARTED;
  return { status: 'started', attempts: attempts + 1, failures, dueAt: undefined };
}

function ended({ attempts, failures }: PhaseProgress, status: PhaseStatus): PhaseProgress {
  if (status === 'completed' && attempts === 1 && failures === 0) return FIRST_COMPLETED;
  return { status, attempts, failures, dueAt: undefined };
}

function unsuccessful({ attempts, failures }: PhaseProgress, entry: StepFailed, at: number): PhaseProgress {
  const isLast = entry.retryIn === undefined;
  const dueAt = isLast ? undefined : at + entry.retryIn;
  return { status: isLast ? entry.outcome : 'retrying', attempts, failures: failures + 1, dueAt };
}

/**
 * The worker of this step is gone: whatever it had in flight may or may not have happened; but a transaction can be committed no more, since
 * the row that tells of this has taken its place.
 */
export function interruptStep(step: StepProgress): StepProgress {
  const { act, compensation, actStartedAt } = step;
  if (act.status === 'started') {
    if (step.transactional) return { ...step, act: { ...act, status: 'interrupted' } };
    return { ...step, act: { ...act, status: 'interrupted' }, doubtful: true, lostAt: actStartedAt };
  }
  if (compensation.status !== 'started') return step;
  return { ...step, compensation: { ...compensation, status: 'interrupted' } };
}

/** A new round of compensation: all that is not done gets its attempts back. */
export function resetCompensation(step: StepProgress): StepProgress {
  const { status, attempts } = step.compensation;
  return status === 'completed' || status === 'skipped' ? step : { ...step, compensation: { ...IDLE, attempts } };
}
