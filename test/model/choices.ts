import { isFinal } from '../../lib/storage/saga-record.js';
import { callFaults, usualEnd } from './call-choices.js';
import { runOf, step, takeOver, writes, type Fate } from './process.js';
import { restart, workerOf, type Process, type World } from './world.js';
import type { Fault, Scenario } from './scenario.js';
import { ask, hasLiveWorker, isClaimable, land } from './storage.js';
import { takeEffect } from './outside.js';

/** One thing that may happen next. */
export interface Choice {
  readonly label: string;
  /** What it costs: `undefined` is the calm course of things. */
  readonly fault?: Fault;
  /** It may happen, but nobody can wait for it. */
  readonly isChance?: true;
  apply(world: World): void;
}

/** Everything that may happen next, the calm course of things first. */
export function choices(scenario: Scenario, world: World): readonly Choice[] {
  const faults = faultChoices(scenario, world).filter(({ fault }) => fault === undefined || scenario.kinds.has(fault));
  return [...withoutFaults(scenario, world), ...faults];
}

/** What may happen next of itself: the first of {@link choices}. */
export function withoutFaults(scenario: Scenario, world: World): readonly Choice[] {
  return [...calmChoices(scenario, world), ...wireChoices(scenario, world)];
}

function calmChoices(scenario: Scenario, world: World): readonly Choice[] {
  const running = world.processes.flatMap((process, index) => runChoices(scenario, world, process, index));
  const busy = running.length > 0;
  const claims = isClaimable(world) ? claimChoices(scenario, world, { asked: false, eager: false }) : [];
  return busy || claims.length > 0 ? [...running, ...claims] : passTime(world);
}

function runChoices(scenario: Scenario, world: World, process: Process, index: number): readonly Choice[] {
  if (process.run === undefined) return [];
  const { doing } = process.run;
  switch (doing.type) {
    case 'deciding':
    case 'resending':
    case 'looking':
      return [{ label: `${process.name} goes on`, apply: (next) => step(scenario, next, at(next, index), 'answered') }];
    case 'calling':
      return [usualEnd(scenario, world, process, index)];
    case 'waiting': {
      const { now, store } = world;
      const isOwner = store.worker === workerOf(process);
      const hears = isOwner && store.requests.length > runOf(process).requests.length;
      if (now < doing.until && !hears && !process.closing) return [];
      return [{ label: `${process.name} wakes`, apply: (next) => wake(next, at(next, index)) }];
    }
  }
}

function wake(world: World, process: Process): void {
  const run = runOf(process);
  if (world.store.worker === workerOf(process)) run.requests = world.store.requests;
  run.doing = { type: 'deciding' };
}

/** By the first process that is free: which one it is makes no difference. */
function claimChoices(
  scenario: Scenario,
  { processes }: World,
  how: { readonly asked: boolean; readonly eager: boolean },
): readonly Choice[] {
  const index = processes.findIndex(({ run }) => run === undefined);
  const by = processes[index];
  if (by === undefined) return [];
  const ways = how.asked ? 'recovers the saga by its id' : how.eager ? 'recovers all sagas' : 'claims the saga';
  const label = `${by.name} ${ways}`;
  return [{ label, apply: (world) => takeOver(scenario, world, at(world, index), how) }];
}

/** Only when nothing else is to be done: to the next time that anybody waits for. */
function passTime({ now, store, processes }: World): readonly Choice[] {
  const times = processes.flatMap(({ run }) => (run?.doing.type === 'waiting' ? [run.doing.until] : []));
  if (times.length === 0 && store.dueAt !== undefined && store.held === undefined) times.push(store.dueAt);
  const next = Math.min(...times.filter((time) => time > now));
  if (next === Infinity) return [];
  return [{ label: `time passes until ${next}`, apply: (world) => void (world.now = next) }];
}

function wireChoices(scenario: Scenario, world: World): readonly Choice[] {
  return world.wire.map((item, index) => ({
    label: item.type === 'call' ? `the late ${item.phase} of ${item.step} happens` : 'the late write lands',
    isChance: true,
    apply: (next) => {
      next.wire = next.wire.filter((_, i) => i !== index);
      if (item.type === 'call') takeEffect(next, { ...item, isLate: true });
      else land(scenario, next, item.row, { isLate: true, isClosing: false });
    },
  }));
}

function faultChoices(scenario: Scenario, world: World): readonly Choice[] {
  const ofProcesses = world.processes.flatMap((process, index) => processFaults(scenario, world, process, index));
  return [...ofProcesses, ...timeFaults(world), ...operators(scenario, world), ...deployments(scenario, world)];
}

function processFaults(scenario: Scenario, world: World, process: Process, index: number): readonly Choice[] {
  const { run, name } = process;
  if (run === undefined) return [];
  const dies: Choice = { fault: 'crash', label: `${name} dies`, apply: (next) => restart(at(next, index)) };
  const expires: Choice = {
    fault: 'stale',
    label: `${name} loses its lease`,
    apply: (next) => void (at(next, index).hasLease = false),
  };
  const closes: Choice = {
    fault: 'close',
    label: `${name} closes`,
    apply: (next) => void (at(next, index).closing = true),
  };
  const isWriting = run.doing.type === 'deciding' || run.doing.type === 'resending';
  return [
    dies,
    ...(run.doing.type === 'calling' ? callFaults(scenario, world, process, index) : []),
    ...(process.hasLease ? [expires] : []),
    ...(process.closing ? [] : [closes]),
    ...(isWriting && writes(scenario, world, process) ? lostAnswers(scenario, process, index) : []),
  ];
}

function lostAnswers(scenario: Scenario, { name }: Process, index: number): readonly Choice[] {
  const fates: readonly Fate[] = ['landed', 'lost', 'under-way'];
  const lost = fates.map((fate): Choice => ({
    fault: 'lost',
    label: `${name} writes without an answer: ${fate}`,
    apply: (next) => step(scenario, next, at(next, index), fate),
  }));
  const dies: Choice = {
    fault: 'crash',
    label: `${name} dies with a write under way`,
    apply: (next) => {
      step(scenario, next, at(next, index), 'under-way');
      restart(at(next, index));
    },
  };
  return [...lost, dies];
}

function timeFaults({ now, watch }: World): readonly Choice[] {
  const { deadlineAt } = watch;
  if (now >= deadlineAt || deadlineAt === Infinity) return [];
  return [{ fault: 'deadline', label: 'the deadline passes', apply: (next) => void (next.now = deadlineAt) }];
}

function operators(scenario: Scenario, world: World): readonly Choice[] {
  const { status } = world.store.state;
  if (isFinal(status)) return [];
  const requests: Choice[] = [
    { fault: 'cancel', label: 'an operator cancels', apply: (next) => ask(next, { type: 'cancel' }) },
    { fault: 'retry', label: 'an operator retries', apply: (next) => ask(next, { type: 'retry' }) },
  ];
  for (const { name, place } of world.watch.steps) {
    if (place < 0 || !world.watch.turned) continue;
    const request = { type: 'resolve', step: name, reason: 'settled by hand' } as const;
    requests.push({ fault: 'resolve', label: `an operator resolves ${name}`, apply: (next) => ask(next, request) });
  }
  if (hasLiveWorker(world)) return requests;
  const byId = claimChoices(scenario, world, { asked: true, eager: true });
  const all = world.store.held === undefined ? claimChoices(scenario, world, { asked: false, eager: true }) : [];
  return [...requests, ...[...byId, ...all].map((choice): Choice => ({ ...choice, fault: 'recover' }))];
}

function deployments({ missing }: Scenario, { code }: World): readonly Choice[] {
  if (missing === undefined) return [];
  const other = code === 'current' ? 'changed' : 'current';
  return [{ fault: 'deploy', label: `${other} code is deployed`, apply: (next) => void (next.code = other) }];
}

function at({ processes }: World, index: number): Process {
  return processes[index] as Process;
}
