import type { LogEntry, Phase, RetrySchedule, StepFailed } from 'nest-saga';
import type { Effect } from './effect-ledger.js';

/** A saga when all is over: what its log says, and what was really done. */
export interface Aftermath {
  readonly status: string;
  readonly history: readonly LogEntry[];
  readonly effects: readonly Effect[];
  /** The steps that can be undone. */
  readonly compensatable: readonly string[];
  /** How its steps are compensated, where that is the same for all of them and no failed act is; else what depends on it is not looked at. */
  readonly policy?: Pick<RetrySchedule, 'retryCount'>;
}

/** What promises 1 to 8 forbid and this saga shows, a sentence each. Empty when all are kept. */
export function brokenPromises(aftermath: Aftermath): readonly string[] {
  return [
    ...actsWithoutIntent(aftermath),
    ...doneTwice(aftermath),
    ...actsBehindTheTurn(aftermath),
    ...outOfOrder(aftermath),
    ...leftStanding(aftermath),
    ...undoneThoughCompleted(aftermath),
    ...changedKeys(aftermath),
    ...neverGivenUp(aftermath),
    ...(aftermath.policy === undefined ? [] : brokenPolicy(aftermath, aftermath.policy)),
  ];
}

function brokenPolicy(aftermath: Aftermath, { retryCount }: Pick<RetrySchedule, 'retryCount'>): readonly string[] {
  return [...undoneThoughFailed(aftermath), ...outOfAttempts(aftermath, retryCount), ...startedTooEarly(aftermath)];
}

/** 1: each effect has its own durable "started"; so there are never more effects than that. */
function actsWithoutIntent({ history, effects }: Aftermath): string[] {
  return effects.flatMap((effect) => {
    const intents = history.filter(
      (entry) => entry.event === 'started' && isOf(entry, effect) && entry.attempt === effect.attempt,
    );
    const done = effects.filter((other) => isOf(other, effect) && other.attempt === effect.attempt);
    return intents.length === 1 && done.length === 1
      ? []
      : [`${nameOf(effect)} was done ${String(done.length)} times with ${String(intents.length)} intents`];
  });
}

/** 4: behind "completed" nothing of that phase starts again. */
function doneTwice({ history }: Aftermath): string[] {
  return history.flatMap((entry, i) => {
    if (entry.event !== 'completed' || entry.step === undefined) return [];
    const again = history.slice(i + 1).some((later) => later.event === 'started' && isOf(later, entry));
    return again ? [`${entry.phase} of ${entry.step} was started again although it had completed`] : [];
  });
}

/** 2: behind the point of no return no act starts. */
function actsBehindTheTurn({ history }: Aftermath): string[] {
  const turn = history.findIndex(({ event }) => event === 'compensating');
  if (turn < 0) return [];
  return history
    .slice(turn)
    .flatMap((entry) =>
      entry.event === 'started' && entry.phase === 'act' ? [`${entry.step} acted behind the turn`] : [],
    );
}

/** 3: first compensations go against first acts. */
function outOfOrder({ history, compensatable }: Aftermath): string[] {
  const firsts = (phase: Phase): string[] => [
    ...new Set(history.flatMap((entry) => (entry.event === 'started' && entry.phase === phase ? [entry.step] : []))),
  ];
  const undone = firsts('compensate');
  const expected = firsts('act')
    .filter((step) => compensatable.includes(step) && undone.includes(step))
    .reverse();
  return undone.join() === expected.join() ? [] : [`undone in the order ${undone.join()}, not ${expected.join()}`];
}

/**
 * 6 and 8: when it has gone back to its end, whatever was done is undone after it was done, or settled by hand; or, while the saga says
 * so by being COMPENSATION_FAILED, given up.
 */
function leftStanding({ status, history, effects, compensatable }: Aftermath): string[] {
  if (status !== 'FAILED' && status !== 'COMPENSATION_FAILED') return [];
  const givenUp = status === 'FAILED' ? [] : givenUpIn(history);
  return compensatable.flatMap((step) => {
    if (givenUp.includes(step)) return [];
    if (history.some((entry) => entry.event === 'skipped' && entry.step === step)) return [];
    const acted = effects.findLastIndex((effect) => effect.step === step && effect.phase === 'act');
    const undone = effects.findLastIndex((effect) => effect.step === step && effect.phase === 'compensate');
    return acted >= 0 && undone < acted ? [`${step} was done and never undone`] : [];
  });
}

function undoneThoughCompleted({ status, effects }: Aftermath): string[] {
  if (status !== 'COMPLETED') return [];
  return effects
    .filter(({ phase }) => phase === 'compensate')
    .map((effect) => `${nameOf(effect)} although it completed`);
}

/** 5: every attempt carries the same key. */
function changedKeys({ effects }: Aftermath): string[] {
  return effects.flatMap((effect) => {
    const key = `${effect.sagaId}:${effect.step}:${effect.phase}`;
    return effect.key === key ? [] : [`${nameOf(effect)} carried the key ${effect.key}`];
  });
}

/** 6: what is known to have failed is not undone. */
function undoneThoughFailed({ history }: Aftermath): string[] {
  return history.flatMap((entry, i) => {
    if (entry.event !== 'started' || entry.phase !== 'compensate') return [];
    return mayStand(entry.step, history.slice(0, i))
      ? []
      : [`${entry.step} was undone although nothing of it can have happened`];
  });
}

/** Some attempt of act did not end, or did not end by throwing. One that shared its transaction did not happen unless it completed. */
function mayStand(step: string, history: readonly LogEntry[]): boolean {
  const acts = history.filter((entry) => entry.step === step && entry.phase === 'act');
  const failed = acts.filter(isFailure).flatMap(({ outcome, attempt }) => (outcome === 'failed' ? [attempt] : []));
  return acts.some(
    (entry) =>
      entry.event === 'completed' ||
      (entry.event === 'started' && entry.transactional !== true && !failed.includes(entry.attempt)),
  );
}

/** 7: in each round a compensation that fails is tried `retryCount` times, no matter how often its process died meanwhile: no more, and no fewer. */
function outOfAttempts({ history }: Aftermath, retryCount: number): string[] {
  const failures = new Map<string, number>();
  return history.flatMap((entry) => {
    if (entry.event === 'compensating') failures.clear();
    if (!isFailure(entry) || entry.phase !== 'compensate') return [];
    const count = (failures.get(entry.step) ?? 0) + 1;
    failures.set(entry.step, count);
    const isGivenUp = entry.retryIn === undefined;
    return isGivenUp === (count === retryCount) && count <= retryCount
      ? []
      : [
          `compensate of ${entry.step} was ${isGivenUp ? 'given up' : 'to be tried again'} after ${String(count)} failures of ${String(retryCount)}`,
        ];
  });
}

/** 7: what has failed and is tried again starts when it is due, whoever starts it. Times are the storage's. */
function startedTooEarly({ history }: Aftermath): string[] {
  return history.flatMap((entry, i) => {
    if (entry.event !== 'started') return [];
    const before = history
      .slice(0, i)
      .filter(isFailure)
      .findLast((failure) => isOf(failure, entry));
    if (before?.retryIn === undefined) return [];
    const early = before.at.getTime() + before.retryIn - entry.at.getTime();
    return early > 0 ? [`${nameOf(entry)} started ${String(early)} ms before it was due`] : [];
  });
}

/** 8: COMPENSATION_FAILED is told in the log, and of something. */
function neverGivenUp({ status, history }: Aftermath): string[] {
  if (status !== 'COMPENSATION_FAILED') return [];
  const isTold = history.some(({ event }) => event === 'compensation-failed');
  return isTold && givenUpIn(history).length > 0
    ? []
    : ['it is COMPENSATION_FAILED although no compensation was given up'];
}

/** The steps whose compensation used up its attempts in the last round. */
function givenUpIn(history: readonly LogEntry[]): readonly string[] {
  return history
    .slice(history.findLastIndex(({ event }) => event === 'compensating'))
    .filter(isFailure)
    .flatMap(({ step, phase, retryIn }) => (phase === 'compensate' && retryIn === undefined ? [step] : []));
}

function isFailure(entry: LogEntry): entry is LogEntry & StepFailed {
  return entry.event === 'failed' && entry.step !== undefined;
}

function isOf(
  entry: { readonly step?: string | undefined; readonly phase?: Phase },
  of: { readonly step: string; readonly phase: Phase },
): boolean {
  return entry.step === of.step && entry.phase === of.phase;
}

function nameOf({ step, phase, attempt }: Pick<Effect, 'step' | 'phase' | 'attempt'>): string {
  return `${phase} ${String(attempt)} of ${step}`;
}
