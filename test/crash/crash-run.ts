import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedSaga, LogEntry } from 'nest-saga';
import { applicationRows, createApplicationTable, type ApplicationRow } from '../harness/application-table.js';
import type { DatabaseKind, ProcessDatabase } from '../harness/process-databases.js';
import { connectTo } from '../harness/process-storage.js';
import type { ChildOrder, ChildTask } from './child.js';
import type { CrashPoint } from './crash-points.js';
import { EffectLedger, type Effect } from './effect-ledger.js';
import { startChild, type ChildEnd, type RunningChild } from './run-child.js';
import type { ScenarioName } from './scenarios.js';

/** As the log and the storage tell a saga. */
export interface StoredSaga {
  readonly saga: LoadedSaga | undefined;
  readonly history: readonly LogEntry[];
}

type Options = NonNullable<ChildOrder['options']>;

/** Sagas of one scenario and the processes that run them, over a database and a ledger of their own. */
export class CrashRun {
  private readonly folder = mkdtempSync(join(tmpdir(), 'nest-saga-crash-'));
  private processes = 0;

  private constructor(
    private readonly database: ProcessDatabase,
    private readonly scenario: ScenarioName,
    private readonly options: Options,
  ) {}

  static async create(kind: DatabaseKind, scenario: ScenarioName, options: Options): Promise<CrashRun> {
    const database = await kind.create();
    if (kind.sharesTransactions) await createApplicationTable(database.location);
    return new CrashRun(database, scenario, options);
  }

  start(task: ChildTask): RunningChild & { readonly reached: () => readonly CrashPoint[] } {
    const reached = this.path(`reached-${String(++this.processes)}`);
    const { scenario, options } = this;
    const files = { ledger: this.path('ledger'), gate: this.path('gate'), reached };
    // Only who finishes takes up what it is not told: the others would run each other's sagas.
    const recovery = { ...options.recovery, enabled: task.does === 'finish' };
    const { location } = this.database;
    const order: ChildOrder = { ...task, ...files, scenario, location, options: { ...options, recovery } };
    // As an argument it could be too long.
    const file = this.path(`order-${String(this.processes)}`);
    writeFileSync(file, JSON.stringify(order));
    const child = startChild(file);
    return { ...child, reached: () => pointsIn(reached) };
  }

  /** Runs a process to its end. */
  async run(task: ChildTask): Promise<ChildEnd & { readonly reached: readonly CrashPoint[] }> {
    const { ended, reached } = this.start(task);
    return { ...(await ended), reached: reached() };
  }

  /** Lets held steps go on. */
  openGate(): void {
    writeFileSync(this.path('gate'), '');
  }

  /** What the steps of all sagas did, in its order. */
  effects(): readonly Effect[] {
    return new EffectLedger(this.path('ledger')).read();
  }

  /** The places that all processes so far have come by. */
  passed(): readonly CrashPoint[] {
    const numbers = Array.from({ length: this.processes }, (_, i) => i + 1);
    return numbers.flatMap((number) => pointsIn(this.path(`reached-${String(number)}`)));
  }

  /** What steps have written in their transactions, as far as it is committed. */
  applicationRows(): Promise<readonly ApplicationRow[]> {
    return applicationRows(this.database.location);
  }

  /** The sagas as the database tells them now, read by a process of its own: this one. */
  async stored(sagas: readonly string[]): Promise<readonly StoredSaga[]> {
    const { storage, disconnect } = await connectTo(this.database.location);
    await storage.open();
    const stored: StoredSaga[] = [];
    for (const id of sagas) stored.push({ saga: await storage.load(id), history: await storage.history(id) });
    await storage.close();
    await disconnect();
    return stored;
  }

  async dispose(): Promise<void> {
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}

function pointsIn(file: string): readonly CrashPoint[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as CrashPoint);
}
