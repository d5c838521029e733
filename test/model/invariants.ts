import type { PlanNode } from '../../lib/definition/plan.js';
import type { EntryDraft, SagaEntry, StepEntry, StepFailed } from '../../lib/storage/log-entry.js';
import type { Row, World } from './world.js';
import type { Scenario } from './scenario.js';
import { hasPassedPivot, isEndless, mustBeUndone, watched, type Watch, type WatchedStep } from './watch.js';
import { check } from './violation.js';

/** How a row came: decided just now, or late, when its worker had long stopped to wait for it. */
export interface Landing {
  readonly isLate: boolean;
  readonly isClosing: boolean;
}

/** Holds a row that lands against the promises, and remembers what it says. */
export function watchRow(scenario: Scenario, world: World, { entries }: Pick<Row, 'entries'>, landing: Landing): void {
  const { watch } = world;
  for (const entry of entries) {
    check(!watch.over, 'nothing is written to a saga that is over', entry);
    checkRequest(world, entry);
    if (entry.step === undefined) watchSaga(scenario, world, entry);
    else watchStep(scenario, world, entry, landing);
  }
}

/** Exactly once: what a transactional step has written, and the log's word that it is done, are there both or neither. */
export function checkTogether({ watch, outside }: World): void {
  for (const { name, plan, act, undo } of watch.steps) {
    if (plan.transactional !== true) continue;
    const isDone = act === 'completed' && undo !== 'completed';
    check(outside[name]?.stands === isDone, 'effect and log entry of a transactional step: both or neither', {
      name,
      isDone,
    });
  }
}

function checkRequest(world: World, entry: EntryDraft): void {
  if (!('request' in entry)) return;
  const isOpen = world.store.requests.some(({ id }) => id === entry.request);
  check(isOpen, 'each request is answered exactly once', entry);
}

function watchStep(scenario: Scenario, world: World, entry: StepEntry, landing: Landing): void {
  const { watch, now } = world;
  const step = watched(watch, entry.step);
  switch (entry.event) {
    case 'started':
      check(!landing.isClosing, 'nothing starts while the application closes (promise 18)', entry);
      check(landing.isLate || now >= step.dueAt, 'an attempt waits until it is due (promise 7)', entry);
      if (entry.phase === 'act') {
        const isInTime = landing.isLate || now < watch.deadlineAt || hasPassedPivot(watch);
        check(isInTime, 'no act starts behind the deadline', step);
        startAct(watch, step, entry.attempt, now);
      } else startUndo(watch, step, entry.attempt, landing.isLate ? Infinity : now);
      return countStart(watch, world, scenario);
    case 'completed':
      watch.recoveries = 0;
      if (entry.phase === 'act') return completeAct(step);
      check(step.undo === 'open', 'only what was started completes', entry);
      step.undo = 'completed';
      return;
    case 'failed':
      step.dueAt = entry.retryIn === undefined ? 0 : now + entry.retryIn;
      if (entry.phase === 'act') failAct(watch, step, entry);
      else failUndo(step, entry.retryIn !== undefined);
      return;
    case 'saved':
      step.saved = entry.phase === 'act';
      return;
    case 'skipped':
      check(watch.turned, 'only compensations are resolved', entry);
      check(mustBeUndone(step), 'only what still stands is resolved', entry);
      step.undo = 'skipped';
      watch.recoveries = 0;
      return;
  }
}

function startAct(watch: Watch, step: WatchedStep, attempt: number, now: number): void {
  check(!watch.turned, 'no act starts behind the point of no return (promise 2)', step);
  check(step.act !== 'completed', 'what completed is never acted again (promise 4)', step);
  check(step.act !== 'over', 'what has failed for good is never acted again', step);
  check(attempt === step.acts + 1, 'attempts are counted without gaps', step);
  check(oneAtATime(watch, step), 'one step at a time', step);
  if (step.place < 0) step.place = watch.places++;
  step.act = 'open';
  step.acts = attempt;
  step.actStartedAt = now;
  step.saved = false;
}

function startUndo(watch: Watch, step: WatchedStep, attempt: number, now: number): void {
  check(watch.turned, 'COMPENSATING is durable before the first compensation (promise 2)', step);
  check(step.undo !== 'completed' && step.undo !== 'skipped', 'nothing is compensated again (promise 4)', step);
  check(step.undo !== 'given-up', 'a compensation that has failed for good waits for the next round', step);
  check(mustBeUndone(step), 'only what happened, or may have, is compensated (promise 6)', step);
  check(step.place <= watch.cursor, 'compensations go against the order of the acts (promise 3)', step);
  check(nothingAboveStands(watch, step), 'what acted later is undone before (promise 3)', step);
  check(step.lostUntil <= now, "a lost call's timeout is waited for (9.10)", step);
  check(attempt === step.undos + 1, 'attempts are counted without gaps', step);
  check(oneAtATime(watch, step), 'one step at a time', step);
  watch.cursor = step.place;
  step.undo = 'open';
  step.undos = attempt;
}

function oneAtATime({ steps }: Watch, { name }: WatchedStep): boolean {
  return steps.every((other) => other.name === name || (other.act !== 'open' && other.undo !== 'open'));
}

function nothingAboveStands({ steps }: Watch, { place }: WatchedStep): boolean {
  return steps.every(
    (other) =>
      other.place <= place ||
      !mustBeUndone(other) ||
      (other.undo === 'given-up' && other.plan.compensation.onExhausted === 'continue'),
  );
}

/** Recovery sets a saga that makes no progress going at most `maxAttempts` times. */
function countStart(watch: Watch, { store }: World, { maxAttempts }: Scenario): void {
  if (!watch.fresh) return;
  watch.fresh = false;
  // Taking up a saga that never ran is no recovery.
  if (store.state.status !== 'PENDING') watch.recoveries++;
  checkRecoveries(watch, maxAttempts);
}

function checkRecoveries({ recoveries }: Watch, maxAttempts: number): void {
  check(recoveries <= maxAttempts, 'recovery sets a saga without progress going at most maxAttempts times', recoveries);
}

function completeAct(step: WatchedStep): void {
  check(step.act === 'open', 'only what was started completes', step);
  step.act = 'completed';
}

function failAct(watch: Watch, step: WatchedStep, { outcome, error, retryIn }: StepFailed): void {
  const isPivot = step.plan.kind === 'pivot';
  const goesOn = retryIn !== undefined;
  check(step.act === 'open', 'only what was started fails', step);
  check(
    outcome === 'unknown' || isPivot || !(step.doubt || step.saved),
    'an attempt in doubt keeps its step in doubt',
    step,
  );
  step.actFailures++;
  step.doubt = outcome === 'unknown';
  if (error.code === 'SAGA_DEADLINE' && step.plan.transactional !== true)
    step.lostUntil = step.actStartedAt + (step.plan.timeout ?? 0);
  step.act = goesOn ? 'retrying' : 'over';
  const inDoubt = isPivot && step.doubt;
  const isFree = isEndless(watch, step.name) || inDoubt;
  check(goesOn || !isEndless(watch, step.name), 'behind the pivot, a step is acted until it succeeds', step);
  check(goesOn || !inDoubt, 'a pivot is acted until it is known (9.11)', step);
  check(!goesOn || isFree || step.actFailures < step.plan.retry.retryCount, 'retryCount counts all attempts', step);
}

function failUndo(step: WatchedStep, goesOn: boolean): void {
  check(step.undo === 'open', 'only what was started fails', step);
  step.undoFailures++;
  step.undo = goesOn ? 'retrying' : 'given-up';
  check(
    step.undoFailures + (goesOn ? 1 : 0) <= step.plan.compensation.retryCount,
    'retryCount counts all attempts (promise 7)',
    step,
  );
}

function watchSaga(scenario: Scenario, world: World, entry: SagaEntry): void {
  const { watch, now } = world;
  switch (entry.event) {
    case 'created':
      watch.deadlineAt = entry.deadline === undefined ? Infinity : now + entry.deadline;
      return;
    case 'compensating':
      return entry.round === 1 ? turn(watch, entry.reason) : openRound(watch, entry.round, scenario);
    case 'completed':
      check(!watch.turned, 'a saga that turned never completes (promise 2)', entry);
      for (const node of scenario.plan.nodes)
        check(isDone(watch, node), 'COMPLETED means that every step is done', node);
      watch.over = true;
      return;
    case 'failed':
      if (!watch.turned) turn(watch, entry.reason ?? 'step-failed');
      for (const step of watch.steps) check(!mustBeUndone(step), 'FAILED means that everything is undone', step);
      watch.over = true;
      return;
    case 'compensation-failed':
      check(watch.turned, 'only a saga that turned fails to compensate', entry);
      checkRoundIsOver(watch);
      watch.roundDueAt = now + entry.retryIn;
      return;
    case 'claimed':
      return claim(world, entry.asked === true);
    case 'held':
      if (entry.held.code === 'attempts-exhausted') {
        check(watch.recoveries >= scenario.maxAttempts, 'nothing is parked before its attempts are used up', entry);
      }
      return;
    case 'cancelled':
      check(!watch.turned && !hasPassedPivot(watch), 'behind the pivot a cancel is refused', entry);
      watch.cancelled = true;
      watch.recoveries = 0;
      return;
    case 'retried':
      check(watch.round > 0, 'only failed compensations are retried', entry);
      watch.roundAsked = true;
      watch.recoveries = 0;
      return;
    case 'refused':
      return;
  }
}

function turn(watch: Watch, reason: string): void {
  check(!watch.turned, 'a saga turns once', reason);
  check(!hasPassedPivot(watch), 'a saga never turns behind its pivot, nor while it is in doubt', reason);
  check(reason !== 'cancelled' || watch.cancelled, 'only who was cancelled turns as cancelled', reason);
  watch.turned = true;
  watch.round = 1;
  // Logged as started twice, and never called: an earlier write of its own worker, given up for lost, had landed late.
  for (const step of watch.steps) {
    step.dueAt = 0;
    if (step.act !== 'open') continue;
    step.act = 'idle';
    step.doubt ||= step.plan.transactional !== true;
  }
}

/** All that is not done gets its attempts back. It counts as a recovery even if it starts nothing (9.7). */
function openRound(watch: Watch, round: number, { maxAttempts }: Scenario): void {
  check(round === watch.round + 1, 'rounds are counted without gaps', round);
  watch.round = round;
  watch.recoveries = watch.roundAsked ? 0 : watch.recoveries + 1;
  watch.roundAsked = false;
  watch.fresh = false;
  checkRecoveries(watch, maxAttempts);
  watch.cursor = Infinity;
  for (const step of watch.steps) {
    if (step.undo === 'completed' || step.undo === 'skipped') continue;
    step.undo = 'idle';
    step.undoFailures = 0;
    step.dueAt = 0;
  }
}

/** A round ends when all that may be tried has been: with `halt`, what stands behind the one that gave up may not. */
function checkRoundIsOver({ steps }: Watch): void {
  const standing = steps.filter((step) => mustBeUndone(step)).sort((a, b) => b.place - a.place);
  check(standing.length > 0, 'COMPENSATION_FAILED means that something still stands', standing);
  for (const { undo, plan } of standing) {
    check(undo === 'given-up', 'a failed compensation does not keep the others from theirs (promise 8)', plan);
    if (plan.compensation.onExhausted === 'halt') return;
  }
}

function isDone(watch: Watch, node: PlanNode): boolean {
  if (node.type === 'fallback') return isDone(watch, node.primary) || isDone(watch, node.backup);
  return watched(watch, node.name).act === 'completed';
}

/** Whatever was in flight has lost its worker. */
function claim({ watch }: World, asked: boolean): void {
  watch.fresh = true;
  if (asked) watch.recoveries = 0;
  for (const step of watch.steps) {
    if (step.undo === 'open') step.undo = 'idle';
    if (step.act !== 'open') continue;
    step.act = 'idle';
    // Its place in the log is taken: its transaction can be committed no more.
    if (step.plan.transactional === true) continue;
    step.doubt = true;
    step.lostUntil = step.actStartedAt + (step.plan.timeout ?? 0);
  }
}
