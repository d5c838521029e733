import { SagaStorage, type LogEntry, type OperatorRequest } from '../../lib/index.js';
import type {
  ClaimQuery,
  CreateResult,
  CreateWithinResult,
  HeartbeatResult,
  HintListener,
  HintTopic,
  HistoryOptions,
  LoadedSaga,
  NewSaga,
  Page,
  PruneQuery,
  RequestResult,
  SagaQuery,
  SagaSummary,
  SagaTransition,
  StopListening,
  StorageTransaction,
  TransactionOptions,
  TransitionResult,
  WorkerBeat,
  WorkerInfo,
} from '../../lib/index.js';

/** Where a write is lost: on its way to the storage, or the answer on its way back. */
export type Side = 'before' | 'after';

/** What befalls a write. */
interface Accident {
  readonly write: number;
  readonly side: Side;
  readonly happen: () => unknown;
}

/** What becomes of a call: it goes through, nobody ever answers, or it is refused at once. */
type State = 'up' | 'silent' | 'down';

/**
 * The line between one process and the storage that it shares with others: a double of the network. Cut in silence, its process is
 * as good as dead, for it can tell nobody what it still does.
 *
 * What is written is frozen: the port forbids to change it, since a storage may make texts of it as late as it sends them.
 */
export class StorageLine extends SagaStorage {
  override readonly capabilities;
  /** Creations and transitions that were sent. */
  writes = 0;
  /** The ids under which its process has registered as a worker. */
  readonly registered = new Set<string>();
  #state: State = 'up';
  #accident?: Accident;
  #losesClaim = false;
  #held?: HeldCommit;
  readonly #unanswered = new Set<(error: Error) => void>();

  constructor(private readonly storage: SagaStorage) {
    super();
    this.capabilities = storage.capabilities;
  }

  /** From now on no call arrives, and none is answered. */
  cut(): void {
    this.#state = 'silent';
  }

  /** Cuts the line at the write of this number, counted from 1. */
  cutAt(write: number, side: Side): void {
    this.#accident = { write, side, happen: () => this.cut() };
  }

  /** The write of this number fails, and everything behind it goes through again. */
  loseOnly(write: number, side: Side): void {
    const happen = (): never => {
      throw lost();
    };
    this.#accident = { write, side, happen };
  }

  /** Nobody ever answers the write of this number, which has got lost; everything behind it goes through. */
  silenceOnly(write: number): void {
    this.#accident = { write, side: 'before', happen: () => this.#silence() };
  }

  /** With the answer to the write of this number in hand, the process stands still for `ms`: nothing runs in it, no timer either. */
  standStillAfter(write: number, ms: number): void {
    this.#accident = { write, side: 'after', happen: () => standStill(ms) };
  }

  /** The next claim that gets something fails on its way back. */
  loseClaim(): void {
    this.#losesClaim = true;
  }

  /** From now on every call fails, those that nobody has answered too. */
  breakDown(): void {
    this.#state = 'down';
    for (const reject of this.#unanswered) reject(lost());
    this.#unanswered.clear();
  }

  /** The next COMMIT is held up: its writer hears that the connection is lost, and it lands when that is said. */
  holdCommit(): HeldCommit {
    return (this.#held = new HeldCommit());
  }

  mend(): void {
    this.breakDown();
    this.#state = 'up';
    this.#accident = undefined;
  }

  get isCut(): boolean {
    return this.#state === 'silent';
  }

  open(): Promise<void> {
    return this.storage.open();
  }

  close(): Promise<void> {
    return this.storage.close();
  }

  create(saga: NewSaga): Promise<CreateResult> {
    return this.#write(() => this.storage.create(frozen(saga)));
  }

  transition(transition: SagaTransition): Promise<TransitionResult> {
    return this.#write(() => this.storage.transition(frozen(transition)));
  }

  /** Each counts as one write, which is lost at its COMMIT. */
  override transaction<T>(
    work: (transaction: StorageTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const held = this.#held;
    this.#held = undefined;
    const accident = ++this.writes === this.#accident?.write ? this.#accident : undefined;
    const done = this.#call(() =>
      this.storage.transaction(async ({ handle, transition }) => {
        const value = await work({ handle, transition: (row) => this.#alive(() => transition(frozen(row))) });
        if (accident?.side === 'before') await accident.happen();
        return this.#alive(async () => {
          await held?.reached();
          return value;
        });
      }, options),
    );
    if (held !== undefined) return held.hold(done);
    return done.then(
      async (value) => {
        if (accident?.side === 'after') await accident.happen();
        return this.#call(() => Promise.resolve(value));
      },
      (error: unknown) => this.#call(() => Promise.reject(error as Error)),
    );
  }

  override createWithin(handle: unknown, saga: NewSaga): Promise<CreateWithinResult> {
    return this.#call(() => this.storage.createWithin(handle, frozen(saga)));
  }

  load(id: string): Promise<LoadedSaga | undefined> {
    return this.#call(() => this.storage.load(id));
  }

  history(id: string, options?: HistoryOptions): Promise<readonly LogEntry[]> {
    return this.#call(() => this.storage.history(id, options));
  }

  async claim(query: ClaimQuery): Promise<readonly LoadedSaga[]> {
    const claimed = await this.#call(() => this.storage.claim(query));
    if (!this.#losesClaim || claimed.length === 0) return this.#call(() => Promise.resolve(claimed));
    this.#losesClaim = false;
    throw lost();
  }

  heartbeat(beat: WorkerBeat): Promise<HeartbeatResult> {
    this.registered.add(beat.worker);
    return this.#call(() => this.storage.heartbeat(beat));
  }

  release(worker: string): Promise<void> {
    return this.#call(() => this.storage.release(worker));
  }

  workers(): Promise<readonly WorkerInfo[]> {
    return this.#call(() => this.storage.workers());
  }

  request(request: OperatorRequest): Promise<RequestResult> {
    return this.#call(() => this.storage.request(request));
  }

  find(query: SagaQuery): Promise<Page<SagaSummary>> {
    return this.#call(() => this.storage.find(query));
  }

  prune(query: PruneQuery): Promise<number> {
    return this.#call(() => this.storage.prune(query));
  }

  /** What is told while the line is not up is lost. */
  override listen(topic: HintTopic, onHint: HintListener): Promise<StopListening | undefined> {
    return this.#call(() =>
      this.storage.listen(topic, (sagaIds) => {
        if (this.#state === 'up') onHint(sagaIds);
      }),
    );
  }

  async #write<T>(send: () => Promise<T>): Promise<T> {
    const accident = ++this.writes === this.#accident?.write ? this.#accident : undefined;
    if (accident?.side === 'before') await accident.happen();
    const answer = await this.#call(send);
    if (accident?.side === 'after') await accident.happen();
    return this.#call(() => Promise.resolve(answer));
  }

  /** Goes on in a transaction, which the database rolls back when the line is not up any more. */
  #alive<T>(send: () => Promise<T>): Promise<T> {
    return this.#state === 'up' ? send() : Promise.reject(lost());
  }

  #silence(): Promise<never> {
    return new Promise((_, reject) => this.#unanswered.add(reject));
  }

  #call<T>(send: () => Promise<T>): Promise<T> {
    switch (this.#state) {
      case 'up':
        return send();
      case 'silent':
        return this.#silence();
      case 'down':
        return Promise.reject(lost());
    }
  }
}

/** A COMMIT on its way. */
export class HeldCommit {
  /** Lets it land. */
  land = (): void => undefined;
  #loseAnswer = (): void => undefined;
  readonly #landing = new Promise<void>((resolve) => (this.land = resolve));
  /** Resolves when it is on its way. */
  readonly underWay = new Promise<void>((resolve) => (this.#loseAnswer = resolve));

  /** The transaction is about to be committed. */
  async reached(): Promise<void> {
    this.#loseAnswer();
    await this.#landing;
  }

  /** What the writer of `done` is told. */
  hold<T>(done: Promise<T>): Promise<T> {
    const unheard = this.underWay.then(() => Promise.reject<T>(lost()));
    return Promise.race([unheard, done]);
  }
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function lost(): Error {
  return Object.assign(new Error('The connection to the storage is lost'), { code: 'ECONNRESET' });
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
