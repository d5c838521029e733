import type { SagaState } from '../../lib/engine/rules/saga-state.js';
import type { PhaseProgress } from '../../lib/engine/rules/step-progress.js';
import type { Watch } from './watch.js';
import { workerOf, type Doing, type Process, type World } from './world.js';

const NEVER = Infinity;

/**
 * Two worlds with one key have the same futures. Times count from now, and versions from the stored one: what differs only in
 * how long it took is the same. So a saga that goes round in circles comes back to a key, and is found out.
 */
export function worldKey(world: World): string {
  const { now, store, processes, wire, outside, watch, code, asked } = world;
  const owner = processes.findIndex((process) => workerOf(process) === store.worker);
  const parts: unknown[] = [
    code,
    asked,
    owner,
    left(store.dueAt, now),
    store.held?.code,
    store.requests.map(({ id, type, step }) => `${id}${type}${step ?? ''}`).join(),
    stateKey(store.state, now),
    ...processes.map((process) => processKey(process, world)),
    wire
      .map((item) =>
        item.type === 'call'
          ? `${item.phase}${item.step}`
          : `${item.row.version - store.version}${item.row.entries.map((e) => `${e.event}${e.step ?? ''}`).join()}`,
      )
      .join(),
    watchKey(watch, now),
  ];
  for (const step of Object.values(outside)) {
    parts.push(flags(step.stands, step.happened, step.late, step.settled));
  }
  return parts.join('|');
}

/** Called fifty million times: it looks up no global, which is slow in the contexts that Jest runs tests in. */
function left(time: number | undefined, now: number): number | '' {
  if (time === undefined || time === NEVER) return '';
  return time > now ? time - now : 0;
}

function flags(...all: readonly boolean[]): number {
  return all.reduce((number, flag) => number * 2 + (flag ? 1 : 0), 0);
}

function stateKey(state: SagaState, now: number): string {
  const { status, round, recoveries, turned, held, steps } = state;
  const flagged = flags(
    state.justClaimed === true,
    state.retryAsked === true,
    state.cancelled !== undefined,
    state.failure !== undefined,
  );
  const parts: unknown[] = [status, round > 1 ? 2 : round, recoveries, turned, held?.code, flagged];
  parts.push(left(state.deadlineAt, now), left(state.roundDueAt, now));
  for (const { name, act, compensation, doubtful, saved, handover, ...rest } of steps) {
    parts.push(name, phaseKey(act, now), phaseKey(compensation, now));
    parts.push(flags(doubtful === true, saved === true, handover === true));
    parts.push(left(rest.lostAt, now));
  }
  return parts.join();
}

function phaseKey({ status, failures, dueAt }: PhaseProgress, now: number): string {
  return `${status}${failures}/${left(dueAt, now)}`;
}

function processKey({ run, hasLease, closing }: Process, world: World): string {
  const { now, store } = world;
  const flagged = flags(hasLease, closing);
  if (run === undefined) return String(flagged);
  const own = run.state === store.state ? '=' : `${run.version - store.version}${stateKey(run.state, now)}`;
  const pending = run.pending.map((entry) => JSON.stringify({ ...entry, attempt: 0 })).join();
  const known = run.requests.map(({ id }) => id).join();
  const within = run.within !== undefined;
  return [flagged, own, known, pending, within, run.eager, run.code, doingKey(run.doing, world)].join('~');
}

function doingKey(doing: Doing, { now, store }: World): string {
  switch (doing.type) {
    case 'deciding':
      return 'd';
    case 'resending':
    case 'looking': {
      const { version, writeId, entries, known } = doing.row;
      const is = version - store.version + (writeId === store.writeId ? 'own' : '');
      return `${doing.type}${is}${known}${entries.map((e) => `${e.event}${e.step ?? ''}`).join()}`;
    }
    case 'calling':
      return `c${doing.phase}${doing.step}`;
    case 'waiting':
      return `w${left(doing.until, now)}`;
  }
}

function watchKey(watch: Watch, now: number): string {
  const { turned, over, cancelled, fresh, roundAsked, round, recoveries, cursor, places } = watch;
  const parts: unknown[] = [
    flags(turned, over, cancelled, fresh, roundAsked),
    round > 1 ? 2 : round,
    recoveries,
    cursor,
    places,
  ];
  for (const step of watch.steps) {
    parts.push(step.place, step.act, step.actFailures, flags(step.doubt, step.saved), left(step.lostUntil, now));
    parts.push(step.undo, step.undoFailures, left(step.dueAt, now));
  }
  return parts.join();
}
