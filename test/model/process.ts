import { actNotDone, compensateNotDone, type Misfortune } from '../../lib/engine/rules/attempt-outcome.js';
import { headChange } from '../../lib/engine/head-change.js';
import { nextMove, type Effect, type Move } from '../../lib/engine/rules/next-move.js';
import type { EntryDraft } from '../../lib/storage/log-entry.js';
import type { StoredError } from '../../lib/storage/stored-error.js';
import { ROUND_DELAY, type Scenario } from './scenario.js';
import { claim, land } from './storage.js';
import { check } from './violation.js';
import {
  newWorld,
  restart,
  workerOf,
  type Doing,
  type Process,
  type LocalEffect,
  type Row,
  type Run,
  type World,
} from './world.js';

/** What becomes of a write. All but `answered` leave its writer without an answer. */
export type Fate = 'answered' | 'landed' | 'lost' | 'under-way';

type Calling = Extract<Doing, { type: 'calling' }>;

/** The saga is created, by a process that then goes on with it, or for whoever has room. */
export function bornWorld(scenario: Scenario): World {
  const world = newWorld(scenario);
  const [process] = world.processes as readonly [Process];
  const { deadline } = scenario.plan;
  const created: EntryDraft = { event: 'created', ...(deadline === undefined ? {} : { deadline }) };
  if (scenario.queued === true) {
    const writeId = 'created';
    const row: Row = {
      version: 1,
      writeId,
      worker: 'nobody',
      entries: [created],
      head: undefined,
      known: [],
      effect: undefined,
    };
    land(scenario, world, row, { isLate: false, isClosing: false });
  } else {
    process.run = { ...newRun(world), pending: [created] };
    world.store.worker = workerOf(process);
    step(scenario, world, process, 'answered');
  }
  return world;
}

function newRun({ store, code }: World): Run {
  const { version, state, requests } = store;
  return { version, state, requests, pending: [], within: undefined, eager: false, code, doing: { type: 'deciding' } };
}

/** Takes the saga over and goes on with it: the same code path as the first run. */
export function takeOver(
  scenario: Scenario,
  world: World,
  process: Process,
  { asked, eager }: { readonly asked: boolean; readonly eager: boolean },
): void {
  claim(scenario, world, process, asked);
  process.run = { ...newRun(world), eager };
}

/** Decides and writes; or sends again what got no answer. */
export function step(scenario: Scenario, world: World, process: Process, fate: Fate): void {
  const run = runOf(process);
  if (run.doing.type === 'resending') return send(scenario, world, process, run.doing.row, fate);
  if (run.doing.type === 'looking') return look(world, process, run.doing);
  const move = decide(scenario, world, process);
  const row = rowOf(scenario, world, process, move);
  if (row.entries.length === 0) return follow(process, move.effect);
  send(scenario, world, process, row, fate);
}

/** Whether the next {@link step} writes anything. */
export function writes(scenario: Scenario, world: World, process: Process): boolean {
  const run = runOf(process);
  return (
    run.doing.type === 'resending' || run.pending.length > 0 || decide(scenario, world, process).entries.length > 0
  );
}

function decide(scenario: Scenario, world: World, { run, closing }: Process): Move {
  const { state, pending, requests, eager, code } = run as Run;
  const around = {
    now: world.now,
    closing,
    requests,
    eager,
    maxAttempts: scenario.maxAttempts,
    roundDelay: (round: number) => ROUND_DELAY * round,
    definition: code,
    isMissing: (name: string) => code === 'changed' && (scenario.missing ?? []).includes(name),
  };
  return nextMove(scenario.plan, state, around, pending);
}

function rowOf(scenario: Scenario, { now }: World, process: Process, { entries: next, effect, after }: Move): Row {
  const { state, version, pending, within, requests } = runOf(process);
  const entries = [...pending, ...next];
  const saga = { id: 'saga', name: 'Saga', plan: scenario.plan };
  process.writes++;
  return {
    version: version + 1,
    writeId: `${workerOf(process)}-${process.writes}`,
    worker: workerOf(process),
    entries,
    head: headChange(saga, state, after, { effect, now }),
    known: requests.map(({ id }) => id),
    effect,
    commits: within,
  };
}

function send(scenario: Scenario, world: World, process: Process, row: Row, fate: Fate): void {
  const run = runOf(process);
  const isLate = run.doing.type === 'resending';
  const landing = { isLate, isClosing: process.closing && !isLate };
  if (fate !== 'answered') {
    if (fate === 'landed') land(scenario, world, row, landing);
    if (fate === 'under-way') world.wire = [...world.wire, { type: 'write', row }];
    const { commits } = row;
    run.doing = commits === undefined ? { type: 'resending', row } : { type: 'looking', row, attempt: commits.attempt };
    return;
  }
  switch (land(scenario, world, row, landing)) {
    case 'written':
      return written(world, process, row);
    case 'requested':
      run.requests = world.store.requests;
      run.doing = { type: 'deciding' };
      return step(scenario, world, process, 'answered');
    case 'conflict':
      return reread(world, process, row);
  }
}

/**
 * A commit is not sent again: its row would stand without what the step has written. Where the log does not show it, the step is done again; a
 * commit that lands later finds its place taken, or the other way round.
 */
function look(world: World, process: Process, { row, attempt }: Doing & { readonly type: 'looking' }): void {
  const run = runOf(process);
  if (world.store.version !== run.version) return reread(world, process, row);
  const { phase, step: name } = row.commits as LocalEffect;
  Object.assign(run, { pending: [], within: undefined, doing: { type: 'calling', phase, step: name, attempt } });
}

/** On any conflict the saga is read again; it is somebody else's only if its head says so (9.3). */
function reread(world: World, process: Process, row: Row): void {
  if (world.store.worker !== workerOf(process) && world.store.writeId !== row.writeId) return restart(process);
  if (world.store.writeId === row.writeId) return written(world, process, row);
  process.run = { ...newRun(world), code: runOf(process).code };
}

function written(world: World, process: Process, { effect }: Row): void {
  const run = runOf(process);
  Object.assign(run, { ...newRun(world), eager: false, code: run.code, doing: run.doing });
  if (effect !== undefined) follow(process, effect);
}

function follow(process: Process, effect: Effect): void {
  const run = runOf(process);
  switch (effect.type) {
    case 'act':
    case 'compensate':
      run.doing = { type: 'calling', phase: effect.type, step: effect.step, attempt: effect.attempt };
      return;
    case 'wait':
      run.doing = { type: 'waiting', until: effect.until };
      return;
    case 'end':
    case 'park':
      return stop(process);
    case 'leave':
      return stop(process);
  }
}

/** A process that closes gives its lease up when it has nothing more to do. */
function stop(process: Process): void {
  process.run = undefined;
  if (process.closing || !process.hasLease) restart(process);
}

/** A `save()` in the middle of a call: its own row, of which nothing is decided. */
export function save(scenario: Scenario, world: World, process: Process): void {
  const run = runOf(process);
  const { phase, step: name, attempt } = calling(process);
  const row: Row = {
    version: run.version + 1,
    writeId: `${workerOf(process)}-${++process.writes}`,
    worker: workerOf(process),
    entries: [{ event: 'saved', step: name, phase, attempt }],
    head: undefined,
    known: 'all',
    effect: undefined,
  };
  const landed = land(scenario, world, row, { isLate: false, isClosing: false });
  if (landed === 'written') return written(world, process, row);
  check(world.store.worker !== workerOf(process), 'only a worker that lost its saga meets a conflict', landed);
  restart(process);
}

/** The handler has returned. */
export function returned(process: Process): void {
  const { phase, step: name, attempt } = calling(process);
  happened(process, { event: 'completed', step: name, phase, attempt });
}

/** The handler of a transactional step has returned: what it has written is committed with the row that says so. */
export function returnedWithin(process: Process): void {
  const { phase, step: name, attempt } = calling(process);
  runOf(process).within = { phase, step: name, attempt };
  returned(process);
}

export type Seen = Partial<Pick<Misfortune, 'error' | 'retryable' | 'handover' | 'unstorable'>>;

const ERROR: StoredError = { name: 'Error', message: 'no' };

/** The handler has thrown, or nobody knows what it did. */
export function notDone(
  { plan }: Scenario,
  process: Process,
  outcome: 'failed' | 'unknown',
  { error = ERROR, retryable = true, handover = true, unstorable = false }: Seen = {},
): void {
  const { state } = runOf(process);
  const { phase, step: name, attempt } = calling(process);
  const planned = plan.steps.get(name);
  check(planned !== undefined, 'only steps of the plan are called', name);
  const seen: Misfortune = { outcome, error, retryable, handover, unstorable, random: 0 };
  happened(
    process,
    phase === 'act'
      ? actNotDone(plan, planned, state, attempt, seen)
      : compensateNotDone(planned, state, attempt, seen),
  );
}

function happened(process: Process, entry: EntryDraft): void {
  const run = runOf(process);
  run.pending = [entry];
  run.doing = { type: 'deciding' };
}

export function calling(process: Process): Calling {
  const { doing } = runOf(process);
  check(doing.type === 'calling', 'only a call under way can end', doing);
  return doing;
}

export function runOf({ run }: Process): Run {
  check(run !== undefined, 'only who runs the saga goes on with it', run);
  return run;
}
