import { afterEach, beforeEach } from '@jest/globals';
import type {
  ClaimQuery,
  CreateResult,
  HeadChange,
  LoadedSaga,
  NewSaga,
  OperatorRequest,
  RequestResult,
  SagaStorage,
  SagaTransition,
  TransitionResult,
} from 'nest-saga';
import type { HarnessedStorage, StorageHarness, TransactionHarness } from './storage-harness.js';

/** The definition that every saga of the suite is of, unless the test says otherwise. */
export const ORDER_SAGA = { name: 'OrderSaga', planHash: 'hash-1' } as const;

/** Makes `storageUnderTest` begin each test with a new storage and end it with nothing left of it. */
export function useStorage(harness: Pick<StorageHarness, 'create'>): StorageUnderTest {
  let harnessed: HarnessedStorage | undefined;
  beforeEach(async () => {
    harnessed = await harness.create();
  });
  afterEach(async () => {
    await harnessed?.dispose();
    harnessed = undefined;
  });
  return new StorageUnderTest(() => {
    if (harnessed === undefined) throw new Error('The storage exists only while a test runs.');
    return harnessed;
  });
}

/** The storage of the current test, with the writes that most tests need made short. */
export class StorageUnderTest {
  private writes = 0;

  constructor(private readonly harnessed: () => HarnessedStorage) {}

  get storage(): SagaStorage {
    return this.harnessed().storage;
  }

  /** The application's side of transactions; fails the test where the harness has none. */
  get application(): TransactionHarness {
    const { transactions } = this.harnessed();
    if (transactions === undefined) throw new Error('A storage with transactions needs `transactions` in its harness.');
    return transactions;
  }

  peer(): Promise<SagaStorage> {
    return this.harnessed().peer();
  }

  advance(ms: number): Promise<void> {
    return this.harnessed().advance(ms);
  }

  corrupt(id: string, how: 'damaged' | 'newer'): Promise<void> {
    return this.harnessed().corrupt(id, how);
  }

  /** Ends the connections on which the storage listens, if it has any. */
  async cutListeners(): Promise<void> {
    await this.harnessed().cutListeners?.();
  }

  /** A saga that worker `w1` has begun to run. Nobody has registered `w1`, so it can be claimed. */
  newSaga(saga: Partial<NewSaga> = {}): NewSaga {
    return {
      id: 'saga-1',
      ...ORDER_SAGA,
      definitionVersion: 1,
      plan: [
        { step: 'reserve', kind: 'compensatable' },
        { step: 'charge', kind: 'pivot' },
      ],
      status: 'RUNNING',
      worker: 'w1',
      context: { orderId: 'o-1' },
      entries: [{ event: 'created' }, { event: 'started', step: 'reserve', phase: 'act', attempt: 1 }],
      writeId: this.writeId(),
      ...saga,
    };
  }

  async create(saga: Partial<NewSaga> = {}, storage = this.storage): Promise<CreateResult> {
    return storage.create(this.newSaga(saga));
  }

  /** Creates a saga and brings its head to where the test begins. */
  async createWith(head: HeadChange, saga: Partial<NewSaga> = {}): Promise<void> {
    await this.create(saga);
    await this.write(saga.id ?? 'saga-1', { head });
  }

  /** The saga as it is stored; fails the test if there is none. */
  async load(id = 'saga-1', storage = this.storage): Promise<LoadedSaga> {
    const loaded = await storage.load(id);
    if (loaded === undefined) throw new Error(`There is no saga '${id}'.`);
    return loaded;
  }

  /** The next write of whoever has read `read`, and all of its requests. */
  next(read: LoadedSaga, transition: Partial<SagaTransition> = {}): SagaTransition {
    return {
      id: read.record.id,
      version: read.record.version + 1,
      seq: read.record.seq + 1,
      entries: [{ event: 'completed', step: 'reserve', phase: 'act', attempt: 1 }],
      worker: read.record.worker ?? 'w1',
      writeId: this.writeId(),
      knownRequests: read.requests.map(({ id }) => id),
      ...transition,
    };
  }

  /** Reads a saga and writes to it. */
  async write(id: string, transition: Partial<SagaTransition> = {}): Promise<TransitionResult> {
    return this.storage.transition(this.next(await this.load(id), transition));
  }

  async request(request: Partial<OperatorRequest> = {}, storage = this.storage): Promise<RequestResult> {
    return storage.request({ id: 'request-1', sagaId: 'saga-1', type: 'cancel', ...request });
  }

  /** Gives a worker a lease of `duration` milliseconds. */
  async register(worker: string, duration = 600_000): Promise<void> {
    await this.storage.heartbeat({ worker, beat: 0, duration });
  }

  /** What worker `w2` gets, which knows {@link ORDER_SAGA}. */
  async claim(query: Partial<ClaimQuery> = {}, storage = this.storage): Promise<readonly LoadedSaga[]> {
    return storage.claim({ worker: 'w2', limit: 100, definitions: [ORDER_SAGA], ...query });
  }

  /** The ids of what {@link claim} gets, in its order. */
  async claimedIds(query: Partial<ClaimQuery> = {}, storage = this.storage): Promise<string[]> {
    return (await this.claim(query, storage)).map(({ record }) => record.id);
  }

  writeId(): string {
    return `write-${++this.writes}`;
  }
}

/** `count` of what `make` makes, which gets 0, 1, 2 … */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Values as rows of `it.each`, each with a title that fits on a line. */
export function titled<T>(values: readonly T[]): (readonly [title: string, value: T])[] {
  return values.map((value) => {
    const text = JSON.stringify(value);
    return [text.length > 60 ? text.replace(/^(.{40}).*$/su, `$1… (${text.length})`) : text, value] as const;
  });
}
