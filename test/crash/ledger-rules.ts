import type { LogEntry, Phase } from 'nest-saga';
import type { Effect } from './effect-ledger.js';

/** A saga when all is over: what its log says, and what was really done. */
export interface Aftermath {
  readonly status: string;
  readonly history: readonly LogEntry[];
  readonly effects: readonly Effect[];
  /** The steps that can be undone. */
  readonly compensatable: readonly string[];
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
  ];
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

/** 6 and 8: when it has FAILED, whatever was done is undone after it was done, or settled by hand. */
function leftStanding({ status, history, effects, compensatable }: Aftermath): string[] {
  if (status !== 'FAILED') return [];
  return compensatable.flatMap((step) => {
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

function isOf(
  entry: { readonly step?: string | undefined; readonly phase?: Phase },
  of: { readonly step: string; readonly phase: Phase },
): boolean {
  return entry.step === of.step && entry.phase === of.phase;
}

function nameOf({ step, phase, attempt }: Effect): string {
  return `${phase} ${String(attempt)} of ${step}`;
}
