import type { SagaState } from '../../lib/engine/rules/saga-state.js';
import type { PhaseProgress } from '../../lib/engine/rules/step-progress.js';
import type { EntryDraft } from '../../lib/storage/log-entry.js';
import type { Watch } from './watch.js';
import { workerOf, type Doing, type Process, type Row, type Wire, type World } from './world.js';

const NEVER = Infinity;

/**
 * Names worlds so that two of one name have the same futures (see world-key.test.ts). Times count from now, and versions from
 * the stored one: what differs only in how long it took is the same. So a saga that goes round in circles comes back to a
 * name, and is found out. What differs only in names is the same too: which of two processes it is, and which number a request has.
 */
export class WorldKeys {
  private readonly states = new PartKeys(stateKey);
  private readonly watches = new PartKeys(watchKey);
  private readonly texts = new Texts();

  of(world: World): string {
    const { now, store, processes, wire, outside, watch, code } = world;
    const parts: unknown[] = [
      code,
      left(store.dueAt, now),
      store.held?.code,
      this.states.of(store.state, now),
      this.watches.of(watch, now),
      inAnyOrder(processes.map((process) => this.processKey(process, world))),
      inAnyOrder(wire.map((item) => this.wireKey(item, world))),
    ];
    for (const { type, step } of store.requests) parts.push(type, step);
    for (const step of Object.values(outside)) {
      parts.push(flags(step.stands, step.happened, step.late, step.settled));
    }
    return parts.join('|');
  }

  private processKey(process: Process, world: World): string {
    const { run, hasLease, closing } = process;
    const { now, store } = world;
    const flagged = flags(hasLease, closing, workerOf(process) === store.worker);
    if (run === undefined) return String(flagged);
    const own = run.state === store.state ? '=' : `${run.version - store.version}/${this.states.of(run.state, now)}`;
    const known = run.requests.map(({ id, type, step }) => `${placeOf(id, world)}${type}${step ?? ''}`).join();
    const within = run.within !== undefined;
    const doing = this.doingKey(run.doing, world);
    return [flagged, own, known, this.entriesKey(run.pending, world), within, run.eager, run.code, doing].join('~');
  }

  private wireKey(item: Wire, world: World): string {
    return item.type === 'call' ? `${item.phase}${item.step}` : this.rowKey(item.row, world);
  }

  private rowKey({ version, writeId, entries, head, known, effect, commits }: Row, world: World): string {
    const { now, store } = world;
    if (version <= store.version && writeId !== store.writeId) return 'never';
    const parts = [
      version - store.version,
      this.entriesKey(entries, world),
      head && this.texts.of(head),
      known === 'all' ? known : known.map((id) => placeOf(id, world)).join(),
      effect?.type,
      effect?.type === 'wait' ? left(effect.until, now) : '',
      commits !== undefined,
    ];
    return parts.join('/');
  }

  private entriesKey(entries: readonly EntryDraft[], world: World): string {
    return entries.map((entry) => this.entryKey(entry, world)).join();
  }

  private entryKey(entry: EntryDraft, world: World): string {
    const text = this.texts.of(entry);
    return 'request' in entry && entry.request !== undefined ? `${placeOf(entry.request, world)}${text}` : text;
  }

  private doingKey(doing: Doing, world: World): string {
    const { now, store, wire } = world;
    switch (doing.type) {
      case 'deciding':
        return 'd';
      case 'resending':
      case 'looking': {
        const { row } = doing;
        const landed = row.writeId === store.writeId;
        const isOnWire = wire.some((item) => item.type === 'write' && item.row === row);
        return `${doing.type}${flags(landed, isOnWire)}${this.rowKey(row, world)}`;
      }
      case 'calling':
        return `c${doing.phase}${doing.step}`;
      case 'waiting':
        return `w${left(doing.until, now)}`;
    }
  }
}

/** The keys of what many worlds share and nobody changes: made once for each time, and kept as short as a number. */
class PartKeys<Part extends object> {
  private readonly latest = new WeakMap<Part, { readonly now: number; readonly key: number }>();
  private readonly numbers = new Map<string, number>();

  constructor(private readonly spell: (part: Part, now: number) => string) {}

  of(part: Part, now: number): number {
    const latest = this.latest.get(part);
    if (latest?.now === now) return latest.key;
    const spelled = this.spell(part, now);
    const key = this.numbers.get(spelled) ?? this.numbers.size;
    this.numbers.set(spelled, key);
    this.latest.set(part, { now, key });
    return key;
  }
}

/** What entries and changes of heads say, but for which attempt it is and the request's name. */
class Texts {
  private readonly known = new WeakMap<object, string>();

  of(part: object): string {
    let text = this.known.get(part);
    if (text === undefined) {
      text = JSON.stringify({ ...part, attempt: 0, request: 0 });
      this.known.set(part, text);
    }
    return text;
  }
}

function inAnyOrder(keys: readonly string[]): string {
  return keys.length < 2 ? keys.join() : [...keys].sort().join('&');
}

/** Called fifty million times: it looks up no global, which is slow in the contexts that Jest runs tests in. */
function left(time: number | undefined, now: number): number | '' {
  if (time === undefined || time === NEVER) return '';
  return time > now ? time - now : 0;
}

function flags(...all: readonly boolean[]): number {
  return all.reduce((number, flag) => number * 2 + (flag ? 1 : 0), 0);
}

/** One that has been answered is nobody's any more, whichever it was. */
function placeOf(request: string, { store }: World): number {
  return store.requests.findIndex(({ id }) => id === request);
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
    parts.push(step.act === 'open' ? left(step.actStartedAt + (step.plan.timeout ?? 0), now) : '');
  }
  return parts.join();
}
