import { checkQuery } from '../checked-query.js';
import { HintListeners } from '../hint-listeners.js';
import type { HintListener, HintTopic, StopListening } from '../hint-topic.js';
import type { LogEntry } from '../log-entry.js';
import type { OperatorRequest } from '../operator-request.js';
import { encodeCursor } from '../page-cursor.js';
import { isFinal, type LoadedSaga, type SagaStatus, type SagaSummary } from '../saga-record.js';
import type { CreateResult, NewSaga, RequestResult, SagaTransition, TransitionResult } from '../saga-changes.js';
import type { ClaimQuery, HistoryOptions, Page, PruneQuery, SagaQuery } from '../saga-queries.js';
import { SagaStorage } from '../saga-storage.js';
import type { HeartbeatResult, WorkerBeat, WorkerInfo } from '../worker-beat.js';
import { claimRules } from './claim-rules.js';
import { findRules, newestFirst } from './find-rules.js';
import { OpenRequests } from './open-requests.js';
import { SharedPlans } from './shared-plans.js';
import { StoredSaga } from './stored-saga.js';
import { WorkerLeases } from './worker-leases.js';

/** Options of {@link InMemorySagaStorage}. */
export interface InMemorySagaStorageOptions {
  /** The storage's clock, in milliseconds since the epoch; default `Date.now`. Tests move it instead of waiting. */
  readonly now?: () => number;
}

/**
 * Keeps sagas in the memory of this process: for tests, for trying things out, and for sagas that need not outlive the
 * process. It keeps every promise of {@link SagaStorage} but durability: when the process ends, everything is gone, and
 * with it the knowledge of what would have to be undone. Several applications in one process may share one; `close` keeps
 * what is stored.
 *
 * Every method does its work before it returns its promise, so that no two of them ever meet half-way.
 */
export class InMemorySagaStorage extends SagaStorage<never> {
  private readonly now: () => number;
  private readonly sagas = new Map<string, StoredSaga>();
  /** Those that a claim may want, so that its cost does not grow with finished ones. */
  private readonly unfinished = new Set<StoredSaga>();
  private readonly plans = new SharedPlans();
  private readonly requests = new OpenRequests();
  private readonly leases = new WorkerLeases();
  private readonly listeners = new HintListeners();

  constructor({ now = Date.now }: InMemorySagaStorageOptions = {}) {
    super();
    this.now = now;
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  async create(saga: NewSaga): Promise<CreateResult> {
    const existing = this.sagas.get(saga.id);
    if (existing !== undefined) return { outcome: 'exists', name: existing.name };
    const at = this.now();
    const created = new StoredSaga(saga, { plan: this.plans.of(saga.plan), at });
    this.sagas.set(created.id, created);
    this.noteStatus(created);
    this.listeners.tell('written', [created.id]);
    if (created.status === 'PENDING') this.listeners.tell('wanted', [created.id]);
    return { outcome: 'created', at: new Date(at) };
  }

  async transition(transition: SagaTransition): Promise<TransitionResult> {
    const saga = this.sagas.get(transition.id);
    if (saga === undefined || transition.version !== saga.version + 1) return { outcome: 'conflict' };
    const requests = this.requests.unknownTo(saga.id, transition.knownRequests);
    if (requests.length > 0) return { outcome: 'requested', requests };

    const at = this.now();
    saga.append(transition, at);
    this.requests.answer(saga.id, transition.entries);
    if (transition.head?.status !== undefined) this.noteStatus(saga);
    this.listeners.tell('written', [saga.id]);
    return { outcome: 'written', at: new Date(at) };
  }

  async load(id: string): Promise<LoadedSaga | undefined> {
    const saga = this.sagas.get(id);
    return saga && this.loaded(saga);
  }

  async history(id: string, { after = 0 }: HistoryOptions = {}): Promise<readonly LogEntry[]> {
    return this.sagas.get(id)?.entriesAfter(after) ?? [];
  }

  async claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    const now = this.now();
    const mayTake = claimRules(query, {
      now,
      isAlive: (worker) => this.leases.isAlive(worker, now),
      hasRequests: (id) => this.requests.has(id),
    });
    const claimed = Array.from(this.unfinished).filter(mayTake).sort(oldestDueFirst).slice(0, query.limit);
    for (const saga of claimed) saga.takeOver({ worker: query.worker, asked: query.ids !== undefined }, now);
    for (const { id } of claimed) this.listeners.tell('written', [id]);
    return claimed.map((saga) => this.loaded(saga));
  }

  async heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    if (this.leases.beat(beat, this.now()) === 'expired') return { outcome: 'expired' };
    const requested = this.requests.sagaIds().filter((id) => this.sagas.get(id)?.worker === beat.worker);
    return { outcome: 'alive', requested };
  }

  async release(worker: string): Promise<void> {
    this.leases.release(worker);
    this.listeners.tell('wanted', []);
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    return this.leases.list(this.now());
  }

  async request(request: OperatorRequest): Promise<RequestResult> {
    const saga = this.sagas.get(request.sagaId);
    if (saga === undefined) return 'unknown-saga';
    if (isFinal(saga.status)) return 'final';
    this.requests.add(request);
    this.listeners.tell('wanted', [saga.id]);
    return 'stored';
  }

  async find(query: SagaQuery): Promise<Page<SagaSummary>> {
    const checked = checkQuery(query);
    const found = Array.from(this.sagas.values()).filter(findRules(checked)).sort(newestFirst);
    const page = found.slice(0, checked.limit);
    const last = found.length > page.length ? page.at(-1) : undefined;
    return { items: page.map((saga) => saga.summary()), ...(last && { next: encodeCursor(last) }) };
  }

  async prune({ status = ['COMPLETED', 'FAILED'], olderThan, limit = 1000 }: PruneQuery): Promise<number> {
    const before = this.now() - olderThan;
    const statuses: readonly SagaStatus[] = [status].flat();
    const old = Array.from(this.sagas.values()).filter((saga) => isFinal(saga.status) && saga.updatedAt < before);
    const pruned = old.filter((saga) => statuses.includes(saga.status)).slice(0, limit);
    for (const saga of pruned) {
      this.sagas.delete(saga.id);
      this.requests.forget(saga.id);
    }
    return pruned.length;
  }

  override async listen(topic: HintTopic, onHint: HintListener): Promise<StopListening> {
    const stop = this.listeners.add(topic, onHint);
    return async () => stop();
  }

  private noteStatus(saga: StoredSaga): void {
    if (isFinal(saga.status)) this.unfinished.delete(saga);
    else this.unfinished.add(saga);
  }

  private loaded(saga: StoredSaga): LoadedSaga {
    return { ...saga.load(), requests: this.requests.of(saga.id), now: new Date(this.now()) };
  }
}

/** A saga without a due time has been waiting since its head last changed. */
function oldestDueFirst(one: StoredSaga, other: StoredSaga): number {
  return (one.dueAt ?? one.updatedAt) - (other.dueAt ?? other.updatedAt);
}
