import { applyEntry } from '../../lib/engine/rules/fold.js';
import { lacksCode, type EntryDraft } from '../../lib/storage/log-entry.js';
import type { OperatorRequest } from '../../lib/storage/operator-request.js';
import { isFinal } from '../../lib/storage/saga-record.js';
import { checkTogether, watchRow, type Landing } from './invariants.js';
import type { Scenario } from './scenario.js';
import { copyWatch } from './watch.js';
import { replaceOutside, workerOf, type LocalEffect, type Process, type Row, type World } from './world.js';

export type Landed = 'written' | 'conflict' | 'requested';

/**
 * The storage's side of `transition()`: version is the fence, and the writer must have read every request. What a step has written in the same
 * transaction shares its fate.
 */
export function land(scenario: Scenario, world: World, row: Row, landing: Landing): Landed {
  const { store } = world;
  if (row.version !== store.version + 1) return 'conflict';
  const { known } = row;
  if (known !== 'all' && store.requests.some(({ id }) => !known.includes(id))) return 'requested';
  if (row.commits !== undefined) commit(world, row.commits);
  append(scenario, world, row.entries, landing);
  checkTogether(world);
  store.writeId = row.writeId;
  store.requests = store.requests.filter(({ id }) => !row.entries.some((e) => 'request' in e && e.request === id));
  if (row.head?.worker === null) store.worker = undefined;
  if (row.head?.dueIn !== undefined) store.dueAt = row.head.dueIn === null ? undefined : world.now + row.head.dueIn;
  if (row.head?.heldReason !== undefined) store.held = row.head.heldReason ?? undefined;
  world.notes = [...world.notes, `${row.worker} wrote ${row.entries.map(summary).join(', ')}`];
  return 'written';
}

function commit(world: World, { phase, step }: LocalEffect): void {
  replaceOutside(world, step, phase === 'act' ? { stands: true, happened: true } : { stands: false });
}

/** Takes the saga over: in one transaction `claimed` is appended and the head says who has it now. */
export function claim(scenario: Scenario, world: World, by: Process, asked: boolean): void {
  const { store } = world;
  const entry: EntryDraft = { event: 'claimed', ...(asked && { asked }) };
  append(scenario, world, [entry], { isLate: false, isClosing: false });
  store.writeId = `claim ${store.version}`;
  store.worker = workerOf(by);
  store.dueAt = undefined;
  store.held = undefined;
  world.notes = [...world.notes, `claimed by ${store.worker}`];
}

function append(scenario: Scenario, world: World, entries: readonly EntryDraft[], landing: Landing): void {
  world.watch = copyWatch(world.watch);
  watchRow(scenario, world, { entries }, landing);
  for (const entry of entries) world.store.state = applyEntry(world.store.state, entry, world.now);
  const version = ++world.store.version;
  // What finds its place taken never lands.
  world.wire = world.wire.filter((item) => item.type === 'call' || item.row.version > version);
}

/** Stores an operator's request beside the saga; refused for final ones. */
export function ask(world: World, request: Omit<OperatorRequest, 'id' | 'sagaId'>): void {
  if (isFinal(world.store.state.status)) return;
  world.asked++;
  world.store.requests = [...world.store.requests, { ...request, id: `request-${world.asked}`, sagaId: 'saga' }];
}

/** Who may take the saga: the rules of ClaimQuery for one that no `ids` name. */
export function isClaimable(world: World): boolean {
  const { store, now } = world;
  if (isFinal(store.state.status) || hasLiveWorker(world)) return false;
  if (store.requests.length > 0) return true;
  if (store.held === undefined) return store.dueAt === undefined || store.dueAt <= now;
  return lacksCode(store.held) && world.code === 'current';
}

export function hasLiveWorker({ store, processes }: World): boolean {
  return processes.some((process) => process.hasLease && workerOf(process) === store.worker);
}

function summary(entry: EntryDraft): string {
  const step = entry.step === undefined ? '' : `${entry.step}.${entry.phase} `;
  const about = [
    'outcome' in entry && entry.outcome,
    'retryIn' in entry && `retry in ${entry.retryIn ?? 'no time'}`,
    'held' in entry && entry.held.code,
    'why' in entry && entry.why,
    'handover' in entry && 'handover',
  ].filter((one) => one !== false);
  return `${step}${entry.event}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
}
