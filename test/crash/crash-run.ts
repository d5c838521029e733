import Database from 'libsql';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedSaga, LogEntry } from 'nest-saga';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { EffectLedger, type Effect } from './effect-ledger.js';
import { runChild, startChild, type ChildEnd, type RunningChild } from './run-child.js';
import type { ChildOrder } from './child.js';
import type { ScenarioName } from './scenarios.js';

const QUICK: NonNullable<ChildOrder['options']> = { recovery: { interval: 20 }, lease: { duration: 5_000 } };

/** One saga and the processes that run it, one after the other, over a database file and a ledger of their own. */
export class CrashRun {
  readonly sagaId = 'crashed';
  private readonly folder = mkdtempSync(join(tmpdir(), 'nest-saga-crash-'));
  private processes = 0;

  constructor(
    private readonly scenario: ScenarioName,
    private readonly options = QUICK,
  ) {}

  /** The same saga, as this crash left it: for another continuation of the same story. */
  fork(): CrashRun {
    const fork = new CrashRun(this.scenario, this.options);
    cpSync(this.folder, fork.folder, { recursive: true });
    fork.processes = this.processes;
    return fork;
  }

  start(order: Pick<ChildOrder, 'starts' | 'crashAt'>): RunningChild {
    return startChild(this.order(order));
  }

  run(order: Pick<ChildOrder, 'starts' | 'crashAt'>): Promise<ChildEnd> {
    return runChild(this.order(order));
  }

  /** Lets held steps go on. */
  openGate(): void {
    writeFileSync(this.path('gate'), '');
  }

  /** The crash points that the last process passed, in order. */
  reached(): readonly string[] {
    const file = this.reachedFile();
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  effects(): readonly Effect[] {
    return new EffectLedger(this.path('ledger')).read();
  }

  /** The saga as the file tells it now, read by a process of its own: this one. */
  async stored(): Promise<{ readonly saga: LoadedSaga | undefined; readonly history: readonly LogEntry[] }> {
    const client = new Database(this.path('sagas.db'));
    const storage = new SqliteSagaStorage({ client });
    await storage.open();
    const stored = { saga: await storage.load(this.sagaId), history: await storage.history(this.sagaId) };
    await storage.close();
    client.close();
    return stored;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private order(order: Pick<ChildOrder, 'starts' | 'crashAt'>): ChildOrder {
    this.processes++;
    return {
      ...order,
      scenario: this.scenario,
      database: this.path('sagas.db'),
      ledger: this.path('ledger'),
      reached: this.reachedFile(),
      gate: this.path('gate'),
      sagaId: this.sagaId,
      options: this.options,
    };
  }

  private reachedFile(): string {
    return this.path(`reached-${String(this.processes)}`);
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}
