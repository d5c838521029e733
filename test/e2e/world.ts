import { afterEach, beforeEach, describe } from '@jest/globals';
import type {
  HeldCode,
  LogEntry,
  SagaNode,
  SagaStorage,
  SagaView,
  StepExecution,
  TransactionalExecution,
} from '../../lib/index.js';
import type { HarnessedStorage, StorageHarness, TransactionHarness } from '../contract/storage-harness.js';
import { memoryHarness } from '../harness/memory.js';
import { mysqlHarness } from '../harness/mysql.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';
import { postgresHarness } from '../harness/postgres.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';
import { redisHarness } from '../harness/redis.js';
import { whereThereIsRedis } from '../harness/redis-server.js';
import { sqliteDrivers } from '../harness/sqlite-drivers.js';
import { sqliteHarness } from '../harness/sqlite.js';
import {
  Effects,
  startApplication,
  step,
  type Application,
  type ApplicationOptions,
  type Behaviour,
  type Context,
  type SagaType,
} from './application.js';
import { eventually } from './eventually.js';
import { StorageLine } from './storage-line.js';

/** Longer than every lease of these tests. */
const LONG = 60_000;

const SQLITE = { storage: 'SQLite', harness: () => sqliteHarness(sqliteDrivers[0]!) };

const ON_THIS_MACHINE = [{ storage: 'memory', harness: () => memoryHarness }, SQLITE];

const ON_SERVERS = [
  { storage: 'PostgreSQL', harness: postgresHarness },
  { storage: 'MariaDB', harness: mysqlHarness },
  { storage: 'Redis', harness: redisHarness },
];

/** With `ALL_STORAGES=1` the same tests run on the servers too, which have to be there then; it takes some minutes more. */
const STORAGES: readonly { readonly storage: string; readonly harness: () => StorageHarness }[] =
  process.env['ALL_STORAGES'] === undefined ? ON_THIS_MACHINE : [...ON_THIS_MACHINE, ...ON_SERVERS];

/** The same tests on every storage, each with a world of its own. */
export function onEachStorage(tests: (world: World) => void): void {
  describe.each(STORAGES)('on $storage', ({ harness }) => tests(useWorld(harness())));
}

/** The same tests where the storage makes no difference. */
export function inMemory(tests: (world: World) => void): void {
  tests(useWorld(memoryHarness));
}

/** Tests of what only a storage with a clock and a file of its own can show. */
export function onSqlite(tests: (world: World) => void): void {
  describe('on SQLite', () => tests(useWorld(SQLITE.harness())));
}

/** Tests of what replicas hear of each other, on the storages that tell it. */
export async function onStoragesThatTell(tests: (world: World) => void): Promise<void> {
  describe('in memory', () => tests(useWorld(memoryHarness)));
  await whereThereIsPostgres('What replicas hear on PostgreSQL', () => {
    describe('on PostgreSQL', () => tests(useWorld(postgresHarness())));
  });
  await whereThereIsRedis('What replicas hear on Redis', () => {
    describe('on Redis', () => tests(useWorld(redisHarness())));
  });
}

/** Tests of what steps and callers write in transactions of the storage, on the storages that lend them. */
export async function onStoragesThatShare(tests: (world: World) => void): Promise<void> {
  await whereThereIsPostgres('Transactions that are shared on PostgreSQL', () => {
    describe('on PostgreSQL', () => tests(useWorld(postgresHarness())));
  });
  await whereThereIsMysql('Transactions that are shared on MariaDB', () => {
    describe('on MariaDB', () => tests(useWorld(mysqlHarness())));
  });
}

function useWorld(harness: StorageHarness): World {
  const world = new World(harness);
  beforeEach(() => world.begin());
  afterEach(() => world.end());
  return world;
}

/** An application that stands for a process of its own. */
export interface Process extends Application {
  readonly line: StorageLine;
  /** It dies, and its lease runs out: from here on nobody hears of it. What its steps still do are late effects. */
  crash(): Promise<void>;
  /** The same, but only its own lease ends: the other processes live on. */
  die(): Promise<void>;
}

/** One storage, the processes that share it, and the world outside that their steps change. */
export class World {
  #harnessed?: HarnessedStorage;
  #effects = new Effects();
  readonly #processes: Process[] = [];

  constructor(private readonly harness: StorageHarness) {}

  async begin(): Promise<void> {
    this.#harnessed = await this.harness.create();
    this.#effects = new Effects();
  }

  async end(): Promise<void> {
    for (const { line } of this.#processes) if (line.isCut) line.breakDown();
    await Promise.all(this.#processes.splice(0).map((process) => process.close()));
    await this.#harnessed?.dispose();
  }

  /** What the steps have done, in order. */
  get effects(): Effects {
    return this.#effects;
  }

  /** The storage itself, past every line. */
  get storage(): SagaStorage {
    return this.harnessed.storage;
  }

  /** What an application does in transactions that it shares with the storage. */
  get application(): TransactionHarness {
    const { transactions } = this.harnessed;
    if (transactions === undefined) throw new Error('This storage shares no transactions.');
    return transactions;
  }

  step(name: string, behaviour?: Behaviour): SagaNode<Context> {
    return step(this.effects, name, behaviour);
  }

  /** A transactional step. */
  local(name: string, { options, ...behaviour }: Behaviour = {}): SagaNode<Context> {
    return this.step(name, { ...behaviour, options: { ...options, transactional: true } as never });
  }

  /** Writes a text into a table of the application's, in the transaction of a step. */
  async note(execution: StepExecution, text: string): Promise<void> {
    await this.application.note((execution as TransactionalExecution).transaction, text);
  }

  /** The texts that are committed. */
  async notes(): Promise<readonly string[]> {
    return (await this.application.notes()).toSorted();
  }

  async start(sagas: readonly SagaType[], options: ApplicationOptions = {}): Promise<Process> {
    const line = new StorageLine(await this.harnessed.peer());
    const application = await startApplication(sagas, { storage: line, ...options });
    const process: Process = {
      ...application,
      line,
      crash: () => {
        line.cut();
        return this.advance(LONG);
      },
      die: async () => {
        line.cut();
        await Promise.all([...line.registered].map((worker) => this.storage.release(worker)));
      },
      close: async () => {
        const at = this.#processes.indexOf(process);
        if (at >= 0) this.#processes.splice(at, 1);
        await application.close();
      },
    };
    this.#processes.push(process);
    return process;
  }

  /** Time passes, by the storage's clock. */
  advance(ms: number): Promise<void> {
    return this.harnessed.advance(ms);
  }

  /** Damages the last row of a saga's log. */
  corrupt(id: string, how: 'damaged' | 'newer'): Promise<void> {
    return this.harnessed.corrupt(id, how);
  }

  /** Ends the connections on which processes listen, if they need any for that. */
  async cutListeners(): Promise<void> {
    await this.harnessed.cutListeners?.();
  }

  /** Waits until a process is cut off, and lets its lease run out. */
  async cut(process: Process): Promise<void> {
    await eventually(() => {
      if (!process.line.isCut) throw new Error('the line is not cut');
    });
    await process.crash();
  }

  /** Waits until a step has done this. */
  async seen(effect: string, times = 1): Promise<void> {
    await eventually(() => {
      if (this.effects.count(effect) < times) throw new Error(`no '${effect}' among ${this.effects.log.join(', ')}`);
    });
  }

  /** The log, shortly: `started a`, `completed -a`, `compensating`. */
  async log(id: string): Promise<string[]> {
    return (await this.storage.history(id)).map(shown);
  }

  /** Waits until the log has this entry. */
  async logged(id: string, entry: string, times = 1): Promise<void> {
    await eventually(async () => {
      const log = await this.log(id);
      if (log.filter((found) => found === entry).length < times) throw new Error(`no '${entry}' in ${log.join(', ')}`);
    });
  }

  /** Waits until so many operators' requests are stored. */
  async requested(id: string, times = 1): Promise<void> {
    await eventually(async () => {
      const found = (await this.storage.load(id))?.requests.length;
      if (found !== times) throw new Error(`saga '${id}' has ${String(found)} requests, not ${times}`);
    });
  }

  /** Waits until the saga is parked for this reason. */
  async held(id: string, code: HeldCode): Promise<void> {
    await eventually(async () => {
      const found = (await this.storage.load(id))?.record.heldReason?.code;
      if (found !== code) throw new Error(`saga '${id}' is ${found ?? 'not parked'}, not ${code}`);
    });
  }

  /** Waits until the saga has this status. */
  async status(id: string, status: SagaView['status']): Promise<void> {
    await eventually(async () => {
      const found = (await this.storage.load(id))?.record.status;
      if (found !== status) throw new Error(`saga '${id}' is ${String(found)}, not ${status}`);
    });
  }

  private get harnessed(): HarnessedStorage {
    if (this.#harnessed === undefined) throw new Error('The world exists only while a test runs.');
    return this.#harnessed;
  }
}

function shown(entry: LogEntry): string {
  if (entry.step === undefined) return entry.event;
  return `${entry.event} ${entry.phase === 'act' ? '' : '-'}${entry.step}`;
}
