import type { LogEntry, StepEntry } from '../../lib/index.js';

/** What the promises say of any log of a saga of compensatable steps; each returned sentence is a promise that it breaks. */
export function brokenPromises(steps: readonly string[], log: readonly LogEntry[]): string[] {
  const broken: string[] = [];
  const acted: string[] = [];
  const done = new Set<string>();
  const attempts = new Map<string, number>();
  let turned = false;
  let ended = false;
  const check = (holds: boolean, promise: string, { seq }: LogEntry): void => {
    if (!holds) broken.push(`entry ${seq}: ${promise}`);
  };

  log.forEach((entry, i) => {
    check(entry.seq === i + 1, 'history has no gaps', entry);
    check((entry.event === 'created') === (i === 0), 'a saga is created once, and first', entry);
    check(!ended, 'nothing happens behind the end', entry);
    if (entry.step === undefined) {
      turned ||= entry.event === 'compensating' || entry.event === 'failed';
      ended = entry.event === 'completed' || entry.event === 'failed';
      if (entry.event === 'completed') {
        check(steps.every((step) => done.has(step)) && !turned, 'COMPLETED means that all steps are', entry);
      }
      return;
    }
    const { step, event, phase } = entry;
    const what = phase === 'act' ? step : `-${step}`;
    if (event === 'started') {
      check(!done.has(what), `nothing twice that is known to be done: ${what}`, entry);
      check((attempts.get(what) ?? 0) + 1 === entry.attempt, `attempts are counted: ${what}`, entry);
      attempts.set(what, entry.attempt);
      if (phase === 'act') {
        check(!turned, `no act behind the point of no return: ${step}`, entry);
        check(
          steps.slice(0, steps.indexOf(step)).every((earlier) => done.has(earlier)),
          `steps in order: ${step}`,
          entry,
        );
        if (!acted.includes(step)) acted.push(step);
      } else {
        check(turned, `no compensation before COMPENSATING is durable: ${step}`, entry);
        const later = acted.slice(acted.indexOf(step) + 1);
        check(
          later.every((one) => isUndone(one, log, i)),
          `reverse order: ${step}`,
          entry,
        );
      }
    }
    if (event === 'completed') {
      check(!done.has(what), `completed once: ${what}`, entry);
      done.add(what);
    }
  });

  const last = log.at(-1);
  if (last?.step === undefined && last?.event === 'failed') {
    for (const step of acted) {
      if (!isUndone(step, log, log.length)) broken.push(`FAILED means that all is undone, but ${step} is not`);
    }
  }
  return broken;
}

/** Compensated; or its act failed for certain, so that there is nothing to undo. */
function isUndone(step: string, log: readonly LogEntry[], before: number): boolean {
  const entries = log.slice(0, before).filter((entry): entry is LogEntry & StepEntry => entry.step === step);
  if (entries.some(({ event, phase }) => event === 'completed' && phase === 'compensate')) return true;
  const last = entries.findLast(({ phase, event }) => phase === 'act' && event !== 'saved');
  return last?.event === 'failed' && last.outcome === 'failed' && last.retryIn === undefined;
}
