import type { EntryDraft, SagaCompensating, StepEntry, StepFailed } from '../../storage/log-entry.js';
import {
  NEW_SAGA,
  ownStateOf,
  placeOf,
  stateDraftOf,
  type OwnState,
  type SagaState,
  type StateDraft,
} from './saga-state.js';
import {
  applyStepEntry,
  changeStep,
  interruptStep,
  newStep,
  resetCompensation,
  type StepDraft,
  type StepProgress,
} from './step-progress.js';

/** The state of a saga: the fold of its log, or of the rest of it behind a snapshot. */
export function foldLog(
  entries: readonly (EntryDraft & { readonly at: Date })[],
  from: SagaState = NEW_SAGA,
): OwnState {
  const own = ownStateOf(from);
  for (const entry of entries) change(own, entry, entry.at.getTime(), changeStepInPlace);
  return own;
}

/**
 * As {@link applyEntries}, in place. Who writes a saga's log keeps a state between all writes: a new one for each would be a quarter of what a
 * saga holds that waits for its row, and that garbage collection carries along.
 */
export function changeOwn(own: OwnState, entries: readonly EntryDraft[], at: number): void {
  for (const entry of entries) change(own, entry, at, changeStepInPlace);
}

/** The state after the entries of one more write, written at `at` by the storage's clock. */
export function applyEntries(state: SagaState, entries: readonly EntryDraft[], at: number): SagaState {
  if (entries.length === 0) return state;
  const next = stateDraftOf(state);
  for (const entry of entries) change(next, entry, at, replaceStep);
  return next;
}

/** As {@link applyEntry}, in a draft. */
export function changeDraft(draft: StateDraft, entry: EntryDraft, at: number): void {
  change(draft, entry, at, replaceStep);
}

/**
 * The state after one more entry, written at `at` by the storage's clock.
 *
 * @throws for an event that this release does not know: a newer one wrote it.
 */
export function applyEntry(state: SagaState, entry: EntryDraft, at: number): SagaState {
  return applyEntries(state, [entry], at);
}

/** How an entry changes the step that it is of. */
type ChangeStep<State> = (next: State, entry: StepEntry, at: number) => void;

function change<State extends StateDraft>(
  next: State,
  entry: EntryDraft,
  at: number,
  changeStepOf: ChangeStep<State>,
): void {
  next.seq++;
  if (entry.step === undefined) {
    changeBySaga(next, entry, at);
  } else {
    changeStepOf(next, entry, at);
    changeByStep(next, entry);
  }
}

/** The list and the step are copied: others know them. */
function replaceStep(next: StateDraft, entry: StepEntry, at: number): void {
  const place = placeOf(next, entry.step);
  const known = next.steps[place];
  next.steps =
    known === undefined
      ? next.steps.concat([startedStep(entry, at)])
      : withStep(next.steps, place, applyStepEntry(known, entry, at));
}

function changeStepInPlace(own: OwnState, entry: StepEntry, at: number): void {
  const known = own.steps[placeOf(own, entry.step)];
  // A list that grows by `push()` has room for sixteen more from its first item on.
  if (known === undefined) own.steps = own.steps.concat([startedStep(entry, at)]);
  else changeStep(known, entry, at);
}

function startedStep(entry: StepEntry, at: number): StepDraft {
  const step = newStep(entry.step);
  changeStep(step, entry, at);
  return step;
}

/** What an entry of a step changes of the saga itself. */
function changeByStep(next: StateDraft, entry: StepEntry): void {
  switch (entry.event) {
    case 'started':
      if (next.justClaimed) countClaim(next);
      if (entry.phase === 'act') next.status = 'RUNNING';
      break;
    case 'completed':
    case 'skipped':
      next.recoveries = 0;
      break;
    case 'failed':
      if (isLastFailure(entry)) next.failure = { step: entry.step, error: entry.error };
      break;
    case 'saved':
      break;
    default:
      throw new UnknownEntry(entry);
  }
}

/** `Array.prototype.with()`, which V8 does not compile. */
function withStep(steps: readonly StepProgress[], place: number, step: StepProgress): readonly StepProgress[] {
  const changed = steps.slice();
  changed[place] = step;
  return changed;
}

function isLastFailure(entry: StepFailed): boolean {
  return entry.phase === 'act' && entry.retryIn === undefined && entry.handover === undefined;
}

/** Something was started under the latest claim, which therefore counts. */
function countClaim(next: StateDraft): void {
  next.justClaimed = undefined;
  next.recoveries++;
}

function changeBySaga(next: StateDraft, entry: Exclude<EntryDraft, StepEntry>, at: number): void {
  switch (entry.event) {
    case 'created':
      if (entry.deadline !== undefined) next.deadlineAt = at + entry.deadline;
      break;
    case 'compensating':
      openRound(next, entry);
      break;
    case 'completed':
      next.status = 'COMPLETED';
      break;
    case 'failed':
      next.status = 'FAILED';
      next.turned = entry.reason ?? next.turned;
      break;
    case 'compensation-failed':
      next.status = 'COMPENSATION_FAILED';
      next.roundDueAt = at + entry.retryIn;
      break;
    case 'claimed':
      interrupt(next);
      if (entry.asked) next.recoveries = 0;
      break;
    case 'held':
      next.held = entry.held;
      break;
    case 'cancelled':
      next.cancelled = { ...given('reason', entry.reason), ...given('by', entry.by) };
      next.recoveries = 0;
      break;
    case 'retried':
      next.retryAsked = true;
      next.recoveries = 0;
      break;
    case 'refused':
      break;
    default:
      throw new UnknownEntry(entry);
  }
}

/** The first round is the turn. Each further one counts as a recovery even if it starts nothing, and resets every compensation that is not done. */
function openRound(next: StateDraft, { round, reason }: SagaCompensating): void {
  next.status = 'COMPENSATING';
  next.round = round;
  if (round === 1) {
    next.turned = reason;
    return;
  }
  next.recoveries = next.retryAsked ? 0 : next.recoveries + 1;
  next.steps = next.steps.map(resetCompensation);
  next.justClaimed = undefined;
  next.retryAsked = undefined;
  next.roundDueAt = undefined;
}

/** Whatever was in flight has lost its worker: nobody knows any more how it ended. */
function interrupt(next: StateDraft): void {
  next.steps = next.steps.map(interruptStep);
  // Taking up a saga that never ran is no recovery.
  next.justClaimed = next.status === 'PENDING' ? undefined : true;
  next.held = undefined;
}

function given<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}

class UnknownEntry extends Error {
  constructor(entry: never) {
    super(`this release does not know the log entry ${JSON.stringify(entry)}; a newer one wrote it`);
  }
}
