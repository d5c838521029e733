import type { Plan, PlanNode, StepPlan } from '../../definition/plan.js';
import type { EntryDraft, HeldReason, TurnReason } from '../../storage/log-entry.js';
import type { OperatorRequest } from '../../storage/operator-request.js';
import { answerRequest, refuseParked } from './answer-request.js';
import { canTurn } from './can-turn.js';
import { changeDraft } from './fold.js';
import { progressOf, stateDraftOf, type SagaState, type StateDraft } from './saga-state.js';
import type { StepProgress } from './step-progress.js';
import type { Surroundings } from './surroundings.js';
import { hasGivenUp, toUndo, type Undoable } from './undoable.js';

/**
 * What to do next: first make `entries` durable, then do `effect`. A crash between the two is a crash inside the effect:
 * the log says "started" and nothing more.
 */
export interface Move {
  readonly entries: readonly EntryDraft[];
  readonly effect: Effect;
  /** The state with `entries`, as far as the times of entries can be told before they are written. */
  readonly after: SagaState;
}

export type Effect =
  | { readonly type: 'act'; readonly step: string; readonly attempt: number }
  | { readonly type: 'compensate'; readonly step: string; readonly attempt: number }
  /** Nothing is due before `until` (ms, storage's clock). */
  | { readonly type: 'wait'; readonly until: number }
  /** The saga is over, for now or for ever. */
  | { readonly type: 'end' }
  /** Parked: this code cannot go on with it. */
  | { readonly type: 'park' }
  /** Unfinished, and another worker goes on: this one is closing, or the next round is not due. */
  | { readonly type: 'leave' };

/**
 * The rules of sagas: from a plan and what has happened to what happens next. What has happened is a state, and `news` that are not in it yet.
 *
 * Pure: no I/O, no clock, no randomness. It is checked by exhaustive enumeration against the promises (`test/model`).
 */
export function nextMove(plan: Plan, state: SagaState, around: Surroundings, news: readonly EntryDraft[] = []): Move {
  const draft = new Draft(state, news, around.now);
  const open: OperatorRequest[] = [];
  for (const request of around.requests) if (!isAnswered(plan, draft, request)) open.push(request);
  const effect = decide(plan, draft, around);
  // A parked saga has nobody to answer later; left open, a request would have it claimed again at once, for ever.
  if (effect.type === 'park') for (const request of open) draft.add(refuseParked(request));
  return { effect, entries: draft.entries, after: draft.state };
}

function isAnswered(plan: Plan, draft: Draft, request: OperatorRequest): boolean {
  const answer = answerRequest(plan, draft.state, request);
  if (answer !== undefined) draft.add(answer);
  return answer !== undefined;
}

function decide(plan: Plan, draft: Draft, around: Surroundings): Effect {
  if (draft.state.held !== undefined) return { type: 'park' };
  switch (draft.state.status) {
    case 'COMPLETED':
    case 'FAILED':
      return { type: 'end' };
    case 'PENDING':
    case 'RUNNING':
      return isUsedUp(draft.state, around) ? parkAsUsedUp(draft, around) : forward(plan, draft, around);
    case 'COMPENSATING':
      return isUsedUp(draft.state, around) ? parkAsUsedUp(draft, around) : backward(plan, draft, around);
    case 'COMPENSATION_FAILED':
      return anotherRound(plan, draft, around);
  }
}

/** Recovery has set this saga going as often as it may, and nothing was completed since. */
function isUsedUp(state: SagaState, around: Surroundings): boolean {
  return state.justClaimed === true && state.recoveries >= around.maxAttempts;
}

function parkAsUsedUp(draft: Draft, around: Surroundings): Effect {
  return park(draft, {
    code: 'attempts-exhausted',
    message: `recovered ${around.maxAttempts} times without progress; look at its history, then recover it by its id`,
  });
}

function park(draft: Draft, held: HeldReason): Effect {
  draft.add({ event: 'held', held });
  return { type: 'park' };
}

// Forward

function forward(plan: Plan, draft: Draft, around: Surroundings): Effect {
  const { state } = draft;
  const reversible = canTurn(plan, state);
  if (reversible && state.cancelled) return turn(plan, draft, around, 'cancelled');
  if (around.definition === 'changed') return onChangedDefinition(plan, draft, around, reversible);
  if (reversible && state.deadlineAt !== undefined && around.now >= state.deadlineAt)
    return turn(plan, draft, around, 'deadline');

  const next = nextForward(plan.nodes, state);
  switch (next.type) {
    case 'done':
      draft.add({ event: 'completed' });
      return { type: 'end' };
    case 'failed':
      return turn(plan, draft, around, 'step-failed');
    case 'wait': {
      const until = reversible ? Math.min(next.until, state.deadlineAt ?? Infinity) : next.until;
      if (around.now < until) return around.closing ? { type: 'leave' } : { type: 'wait', until };
      return start(plan, draft, around, { type: 'act', step: next.step });
    }
    case 'act':
      return start(plan, draft, around, next);
  }
}

type NextForward =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly handover: boolean }
  | { readonly type: 'wait'; readonly step: string; readonly until: number }
  | { readonly type: 'act'; readonly step: string };

function nextForward(nodes: readonly PlanNode[], state: SagaState): NextForward {
  for (const node of nodes) {
    const next = nextInNode(node, state);
    if (next.type !== 'done') return next;
  }
  return { type: 'done' };
}

function nextInNode(node: PlanNode, state: SagaState): NextForward {
  if (node.type === 'step') return nextInStep(node.name, progressOf(state, node.name));
  const primary = nextInNode(node.primary, state);
  return primary.type === 'failed' && primary.handover ? nextInNode(node.backup, state) : primary;
}

function nextInStep(step: string, progress: StepProgress | undefined): NextForward {
  switch (progress?.act.status) {
    case 'completed':
    case 'skipped':
      return { type: 'done' };
    case 'failed':
    case 'unknown':
      return { type: 'failed', handover: progress.handover === true };
    case 'retrying':
      return { type: 'wait', step, until: progress.act.dueAt ?? 0 };
    case undefined:
    case 'idle':
    case 'started':
    case 'interrupted':
      return { type: 'act', step };
  }
}

function onChangedDefinition(plan: Plan, draft: Draft, around: Surroundings, reversible: boolean): Effect {
  if (plan.onDefinitionChange === 'compensate' && reversible) return turn(plan, draft, around, 'definition-changed');
  const message = reversible
    ? 'its steps are not those of the code that runs here; deploy code with its steps, or cancel it'
    : 'its steps are not those of the code that runs here, and it has passed its pivot; deploy code with its steps';
  return park(draft, { code: 'definition-changed', message });
}

// Backward

/** The point of no return, durable before the first compensation; left out where there is nothing to undo. */
function turn(plan: Plan, draft: Draft, around: Surroundings, reason: TurnReason): Effect {
  if (toUndo(plan, draft.state).length === 0) {
    draft.add({ event: 'failed', reason });
    return { type: 'end' };
  }
  draft.add({ event: 'compensating', reason, round: 1 });
  return backward(plan, draft, around);
}

function backward(plan: Plan, draft: Draft, around: Surroundings): Effect {
  const standing = toUndo(plan, draft.state);
  for (const { step, progress } of standing) {
    if (hasGivenUp(progress)) {
      if (step.compensation.onExhausted === 'halt') break;
      continue;
    }
    return undo(plan, { step, progress }, draft, around);
  }
  if (standing.length === 0) {
    draft.add({ event: 'failed' });
    return { type: 'end' };
  }
  draft.add({ event: 'compensation-failed', retryIn: around.roundDelay(draft.state.round) });
  return draft.state.recoveries >= around.maxAttempts ? parkAsUsedUp(draft, around) : { type: 'end' };
}

function undo(plan: Plan, { step, progress }: Undoable, draft: Draft, around: Surroundings): Effect {
  if (around.isMissing(step.name) && !mayGiveUpMissing(draft.state)) {
    const message = `no provider for its step "${step.name}" here; deploy code that has it`;
    return park(draft, { code: 'handler-missing', message });
  }
  const until = undoFrom(step, progress);
  if (around.now < until) return around.closing ? { type: 'leave' } : { type: 'wait', until };
  return start(plan, draft, around, { type: 'compensate', step: step.name });
}

/** Where an operator or the definition's policy asked for compensation whatever the code, missing handlers count as failures. */
function mayGiveUpMissing({ turned }: SagaState): boolean {
  return turned === 'cancelled' || turned === 'definition-changed';
}

/**
 * When a compensation may start: a retry when it is due; and where a worker died in the act or the deadline cut it short, not
 * before that attempt's timeout is over, whatever later attempts made of it: the lost call may still be on its way.
 */
function undoFrom({ timeout }: StepPlan, { lostAt, compensation }: StepProgress): number {
  if (compensation.status === 'retrying') return compensation.dueAt ?? 0;
  return lostAt === undefined || timeout === undefined ? 0 : lostAt + timeout;
}

function anotherRound(plan: Plan, draft: Draft, around: Surroundings): Effect {
  const { state } = draft;
  if (toUndo(plan, state).length === 0) {
    draft.add({ event: 'failed' });
    return { type: 'end' };
  }
  // Only a claim leads here. One that has answered nobody was made because the round is due.
  const isDue =
    state.retryAsked === true || around.eager || draft.entries.length === 0 || around.now >= (state.roundDueAt ?? 0);
  if (!isDue || around.closing) return { type: 'leave' };
  if (isUsedUp(state, around)) return parkAsUsedUp(draft, around);
  draft.add({ event: 'compensating', reason: state.turned ?? 'step-failed', round: state.round + 1 });
  return backward(plan, draft, around);
}

// Both ways

/** Closing withholds "started", and nothing else: what is known is still written. */
function start(
  plan: Plan,
  draft: Draft,
  around: Surroundings,
  { type, step }: { readonly type: 'act' | 'compensate'; readonly step: string },
): Effect {
  if (around.closing) return { type: 'leave' };
  const progress = progressOf(draft.state, step);
  const attempt = (type === 'act' ? (progress?.act.attempts ?? 0) : (progress?.compensation.attempts ?? 0)) + 1;
  const isTransactional = plan.steps.get(step)?.transactional === true;
  draft.add(
    isTransactional
      ? { event: 'started', step, phase: type, attempt, transactional: true }
      : { event: 'started', step, phase: type, attempt },
  );
  return { type, step, attempt };
}

/** The entries of a move, and the state as it will be once they are written. */
class Draft {
  entries: readonly EntryDraft[] = [];
  /** A copy that nobody else knows, once there is anything to change. */
  #changed: StateDraft | undefined;

  constructor(
    private readonly before: SagaState,
    news: readonly EntryDraft[],
    private readonly now: number,
  ) {
    for (const entry of news) this.change(entry);
  }

  get state(): SagaState {
    return this.#changed ?? this.before;
  }

  add(entry: EntryDraft): void {
    // A list that grows by `push()` has room for sixteen more from its first entry on; and V8 is quick to join lists only, and with no holes.
    this.entries = this.entries.concat([entry]);
    this.change(entry);
  }

  private change(entry: EntryDraft): void {
    this.#changed ??= stateDraftOf(this.before);
    changeDraft(this.#changed, entry, this.now);
  }
}
