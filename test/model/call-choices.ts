import type { Choice } from './choices.js';
import { begin, callHappens } from './outside.js';
import { calling, notDone, returned, returnedWithin, runOf, save, type Seen } from './process.js';
import type { Fault, Scenario } from './scenario.js';
import type { StoredError } from '../../lib/storage/stored-error.js';
import { replaceOutside, restart, type Process, type World } from './world.js';

type Apply = (world: World, process: Process) => void;

/** How a call of a handler ends in the calm course of things. */
export function usualEnd(scenario: Scenario, world: World, process: Process, index: number): Choice {
  const { phase, step } = calling(process);
  const end = endOf(process, index);
  if (phase === 'compensate' && isMissing(scenario, process, step)) {
    return end('has no handler', undefined, thrower(scenario, { retryable: false }));
  }
  const throws = phase === 'act' ? scenario.alwaysFails === step : scenario.neverUndone === step;
  return throws && mayThrow(scenario, world, phase, step)
    ? end('throws', undefined, thrower(scenario))
    : end('returns', undefined, isTransactional(scenario, step) ? returnsWithin : returns);
}

/** How else it may end, for the world outside and for who called it. */
export function callFaults(scenario: Scenario, world: World, process: Process, index: number): readonly Choice[] {
  const { phase, step } = calling(process);
  if (phase === 'compensate' && isMissing(scenario, process, step)) return [];
  const end = endOf(process, index);
  if (isTransactional(scenario, step)) return faultsWithin(scenario, world, process, end);
  const ends: Choice[] = [
    end('happens, unknown', 'unknown', thrower(scenario, {}, 'unknown', callHappens)),
    end('does not happen, unknown', 'unknown', thrower(scenario, {}, 'unknown')),
    end('times out', 'timeout', timesOut(scenario)),
    end('is under way when its process dies', 'crash', diesMeanwhile),
  ];
  if (mayThrow(scenario, world, phase, step)) {
    const forGood = thrower(scenario, { retryable: false, handover: false });
    ends.push(end('throws', 'throw', thrower(scenario)), end('throws for good', 'throw-for-good', forGood));
  }
  if (phase === 'compensate') return ends;
  const unstorable = { unstorable: true, retryable: false, handover: false };
  ends.push(end('returns what cannot be stored', 'unstorable', thrower(scenario, unstorable, 'unknown', callHappens)));
  if (!hasSaved(process, step)) ends.push(end('saves', 'save', (next, by) => save(scenario, next, by)));
  if (scenario.plan.steps.get(step)?.compensateOnFailure) {
    ends.push(end('throws half-way', 'throw', thrower(scenario, {}, 'failed', callHappens)));
  }
  return ends;
}

/** A transaction that does not come to its COMMIT leaves nothing, whatever its handler has done or still does. */
function faultsWithin(scenario: Scenario, world: World, process: Process, end: ReturnType<typeof endOf>): Choice[] {
  const { phase, step } = calling(process);
  const forGood = thrower(scenario, { retryable: false, handover: false });
  const unstorable = thrower(scenario, { unstorable: true, retryable: false, handover: false });
  return [
    end('says that it does not know', 'unknown', thrower(scenario, {}, 'unknown')),
    end('times out', 'timeout', timesOut(scenario)),
    ...(phase === 'act' ? [end('returns what cannot be stored', 'unstorable', unstorable)] : []),
    ...(mayThrow(scenario, world, phase, step)
      ? [end('throws', 'throw', thrower(scenario)), end('throws for good', 'throw-for-good', forGood)]
      : []),
  ];
}

function isTransactional({ plan }: Scenario, step: string): boolean {
  return plan.steps.get(step)?.transactional === true;
}

function endOf(process: Process, index: number) {
  const { phase, step } = calling(process);
  return (how: string, fault: Fault | undefined, apply: Apply): Choice => ({
    label: `${process.name}: ${step}.${phase} ${how}`,
    ...(fault === undefined ? {} : { fault }),
    apply: (next) => apply(next, next.processes[index] as Process),
  });
}

/** The other side honours the key: a pivot that has happened is not refused when it is acted again (9.11). */
function mayThrow({ plan }: Scenario, { outside }: World, phase: string, step: string): boolean {
  return phase !== 'act' || plan.steps.get(step)?.kind !== 'pivot' || outside[step]?.happened !== true;
}

function isMissing({ missing }: Scenario, process: Process, step: string): boolean {
  return runOf(process).code === 'changed' && missing?.includes(step) === true;
}

function hasSaved(process: Process, step: string): boolean {
  return runOf(process).state.steps.some(({ name, saved }) => name === step && saved === true);
}

function returns(world: World, process: Process): void {
  callHappens(world, process);
  returned(process);
}

function returnsWithin(world: World, process: Process): void {
  begin(world, process);
  returnedWithin(process);
}

function thrower(scenario: Scenario, seen: Seen = {}, outcome: 'failed' | 'unknown' = 'failed', does = begin): Apply {
  return (world, process) => {
    const { phase, step } = calling(process);
    does(world, process);
    const isRefused = phase === 'act' && outcome === 'failed' && scenario.plan.steps.get(step)?.kind === 'pivot';
    if (isRefused) replaceOutside(world, step, { settled: true });
    notDone(scenario, process, outcome, seen);
  };
}

/** Its call goes on without it, unless it is rolled back: its timeout is over, or the saga's deadline comes before and cuts it short. */
function timesOut(scenario: Scenario): Apply {
  return (world, process) => {
    const { phase, step } = calling(process);
    begin(world, process);
    const isRolledBack = isTransactional(scenario, step);
    if (!isRolledBack) world.wire = [...world.wire, { type: 'call', phase, step }];
    const { timeout = 0, kind } = scenario.plan.steps.get(step) ?? {};
    const isReversible = phase === 'act' && kind !== 'pivot' && !scenario.plan.behindPivot.has(step);
    const isCut = isReversible && world.watch.deadlineAt - world.now < timeout;
    world.now = isCut ? Math.max(world.now, world.watch.deadlineAt) : world.now + timeout;
    notDone(scenario, process, isRolledBack ? 'failed' : 'unknown', isCut ? { error: CUT } : {});
  };
}

const CUT: StoredError = { name: 'SagaDeadlineError', message: 'too late', code: 'SAGA_DEADLINE' };

function diesMeanwhile(world: World, process: Process): void {
  const { phase, step } = calling(process);
  begin(world, process);
  world.wire = [...world.wire, { type: 'call', phase, step }];
  restart(process);
}
