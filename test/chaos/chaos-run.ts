import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SAGA_STATUSES, isFinal, type SagaStatus, type SagaStorage, type SagaSummary } from 'nest-saga';
import { bundled } from '../../scripts/typescript/bundled.mjs';
import { EffectLedger, type Effect } from '../crash/effect-ledger.js';
import {
  applicationRows,
  createApplicationTable,
  sharesTransactions,
  type ApplicationRow,
} from '../harness/application-table.js';
import { connectTo, type StorageName } from '../harness/process-storage.js';
import { CHAOS_SERVERS, type ChaosServer } from './chaos-server.js';
import type { Release } from './definitions.js';
import { WORKERS, incidentsOf, startsOf, type Incident, type Start } from './plan.js';
import { Random } from './random.js';
import { Verdict, type Counts, type SagaEnd } from './verdict.js';
import { WorkerProcess } from './worker-process.js';
import type { Command, Said } from './worker.js';

export interface ChaosOptions {
  readonly storage: StorageName;
  readonly seconds: number;
  readonly seed: number;
  /** Sagas started each second; default 40. */
  readonly perSecond?: number;
  /** Ends the run before its time: `runChaos` rejects once everything that it has started is gone. */
  readonly signal?: AbortSignal;
  /** Its server and its workers are up. */
  readonly onUp?: () => void;
}

export interface Violation {
  /** Absent where it is not about one saga. */
  readonly end?: SagaEnd;
  readonly broken: readonly string[];
}

export interface ChaosReport {
  readonly options: ChaosOptions;
  readonly statuses: Readonly<Record<string, number>>;
  readonly counts: Counts;
  /** How often each incident happened: kills, stops, faults of the server … */
  readonly incidents: Readonly<Record<string, number>>;
  readonly staleWritesRefused: number;
  readonly ownWritesAdopted: number;
  /** From the last incident until nothing was unfinished any more; ms. */
  readonly settledWithin: number;
  readonly violations: readonly Violation[];
}

const SCRIPT = await bundled('test/chaos/worker.ts');
const LEASE = 1_000;
/** For so long nothing more may come to its end, once nothing fails any more and something is left. A busy machine settles slowly. */
const STANDSTILL = 120_000;
/** How often an operator asks for a saga that waits, in ms, and for how many at a time. */
const OPERATOR_PAUSE = 3_000;
const ASKED_AT_ONCE = 20;
const UNFINISHED = SAGA_STATUSES.filter((status) => !isFinal(status));

/** Runs sagas in four processes while everything fails that can, then lets them settle and judges. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const server = await CHAOS_SERVERS[options.storage]();
  const run = new ChaosRun(options, server);
  try {
    return await run.report();
  } finally {
    await run.end().finally(() => server.stop());
  }
}

/** All sagas of these statuses, however many pages they are. */
async function allOf(storage: SagaStorage, status: readonly SagaStatus[]): Promise<readonly SagaSummary[]> {
  const found: SagaSummary[] = [];
  for (let after: string | undefined; ;) {
    const { items, next } = await storage.find({ status, limit: 500, ...(after === undefined ? {} : { after }) });
    found.push(...items);
    if (next === undefined) return found;
    after = next;
  }
}

class ChaosRun {
  private readonly folder = mkdtempSync(join(tmpdir(), 'nest-saga-chaos-run-'));
  private readonly workers: WorkerProcess[] = [];
  private readonly releases: Release[] = Array<Release>(WORKERS).fill(1);
  private readonly told = new Map<number, string[]>();
  private readonly incidents: Record<string, number> = {};
  private readonly violations: Violation[] = [];
  private readonly underWay = new Set<Promise<void>>();
  /** Workers that something is being done to: nothing else is, until that is over. */
  private readonly taken = new Set<number>();
  private serverIsTaken = false;
  private started = 0;
  private readonly within = new Set<number>();
  /** Sagas that two workers were asked for at once. */
  private readonly contended = new Set<number>();
  private stale = 0;
  private adopted = 0;
  private over = false;

  constructor(
    private readonly options: ChaosOptions,
    private readonly server: ChaosServer,
  ) {}

  async report(): Promise<ChaosReport> {
    this.options.signal?.throwIfAborted();
    for (let i = 0; i < WORKERS; i++) this.workers.push(this.worker(i, 0));
    await Promise.all(this.workers.map(({ ready }) => ready));
    const connected = await connectTo(this.server.direct);
    try {
      await connected.storage.open();
      if (this.isShared) await createApplicationTable(this.server.direct);
      this.options.onUp?.();
      return await this.reportOn(connected.storage);
    } finally {
      await connected.storage.close();
      await connected.disconnect();
    }
  }

  private async reportOn(storage: SagaStorage): Promise<ChaosReport> {
    const { seed, seconds, perSecond = 40, signal } = this.options;
    const ms = seconds * 1_000;
    const weights = this.server.faults.map(({ weight }) => weight);
    await Promise.all([
      inTime(
        startsOf({ seed, ms, perSecond, sharesTransactions: this.isShared }),
        (start) => this.start(start),
        signal,
      ),
      inTime(incidentsOf({ seed, ms, weights }), (incident) => this.happen(incident, storage), signal),
    ]);
    await Promise.all(this.underWay);
    const settledWithin = await this.settle(storage);
    const verdict = await this.judge(storage);
    return {
      options: this.options,
      statuses: verdict.statuses,
      counts: verdict.counts,
      incidents: this.incidents,
      staleWritesRefused: this.stale,
      ownWritesAdopted: this.adopted,
      settledWithin,
      violations: this.violations,
    };
  }

  async end(): Promise<void> {
    this.over = true;
    // What is under way may start a worker, or the server, once more.
    await Promise.all(this.underWay);
    await Promise.all(this.workers.map((worker) => worker.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private worker(index: number, clockShift: number): WorkerProcess {
    return new WorkerProcess({
      script: SCRIPT,
      order: {
        seed: this.options.seed,
        release: this.releases[index] ?? 1,
        location: this.server.location,
        ledger: this.ledgerFile,
        clockShift,
        lease: LEASE,
      },
      onSaid: (said) => this.hear(said),
      onCrash: (how) => this.violations.push({ broken: [`worker ${String(index)} ended by itself: ${how}`] }),
    });
  }

  private hear(said: Said): void {
    switch (said.type) {
      case 'ready':
        return;
      case 'told':
        this.told.set(said.saga, [...(this.told.get(said.saga) ?? []), said.told]);
        return;
      case 'refused':
        if (said.adopted) this.adopted++;
        else this.stale++;
        return;
      case 'surprise':
        this.violations.push({ broken: [`a caller was told what nobody expects: ${said.error}`] });
    }
  }

  /** Whether steps and callers write in transactions that they share with the storage. */
  private get isShared(): boolean {
    return sharesTransactions(this.server.direct);
  }

  private start({ saga, how, workers }: Start): void {
    this.started = saga + 1;
    if (how === 'start within') this.within.add(saga);
    if (workers.length > 1) this.contended.add(saga);
    for (const worker of workers) this.tell(worker, { does: how, saga });
  }

  /** Tells this worker, or the next one that runs. */
  private tell(wanted: number, command: Command): void {
    for (let i = 0; i < WORKERS; i++) {
      const worker = this.workers[(wanted + i) % WORKERS];
      if (worker?.isUp) return worker.tell(command);
    }
  }

  private happen(incident: Incident, storage: SagaStorage): void {
    const done = this.perform(incident, storage)
      .catch((error: unknown) => {
        this.violations.push({ broken: [`${incident.does} could not be done: ${String(error)}`] });
      })
      .finally(() => this.underWay.delete(done));
    this.underWay.add(done);
  }

  private async perform(incident: Incident, storage: SagaStorage): Promise<void> {
    switch (incident.does) {
      case 'kill':
      case 'close':
        return this.withWorker(incident.worker, incident.does, async (worker) => {
          await (incident.does === 'kill' ? worker.kill() : worker.close());
          await setTimeout(incident.backAfter);
          await this.restart(incident.worker, incident.clockShift);
        });
      case 'stop':
        return this.withWorker(incident.worker, 'stop', async (worker) => {
          worker.stop();
          await setTimeout(incident.for);
          worker.goOn();
        });
      case 'deploy':
        return this.deploy();
      case 'server':
        return this.breakServer(incident.fault, incident.seed);
      case 'ask':
        return this.ask(incident, storage);
    }
  }

  private async withWorker(index: number, name: string, work: (worker: WorkerProcess) => Promise<void>): Promise<void> {
    const worker = this.workers[index];
    if (this.taken.has(index) || worker === undefined || !worker.isUp) return;
    this.taken.add(index);
    this.count(name);
    await work(worker);
    this.taken.delete(index);
  }

  /** Until it is up: the database may be away just now. */
  private async restart(index: number, clockShift: number): Promise<void> {
    if (clockShift !== 0) this.count(`clock ${clockShift > 0 ? 'ahead' : 'behind'} by an hour`);
    do {
      const worker = this.worker(index, clockShift);
      this.workers[index] = worker;
      if (await worker.ready) return;
    } while (!this.isOver);
  }

  /** One worker after the other gets the other release, so that both run at the same time for a while. */
  private async deploy(): Promise<void> {
    this.count('rolling deployment');
    const release: Release = this.releases[0] === 1 ? 2 : 1;
    for (let i = 0; i < WORKERS; i++) {
      this.releases[i] = release;
      await this.withWorker(i, 'close', async (worker) => {
        await worker.close();
        await this.restart(i, 0);
      });
    }
  }

  private async breakServer(index: number, seed: number): Promise<void> {
    const fault = this.server.faults[index];
    if (this.serverIsTaken || fault === undefined) return;
    this.serverIsTaken = true;
    this.count(fault.name);
    await fault.happen(new Random(seed));
    this.serverIsTaken = false;
  }

  private async ask({ what, worker, among }: Incident & { does: 'ask' }, storage: SagaStorage): Promise<void> {
    this.count(what);
    if (what === 'cancel' || what === 'recover' || what === 'recoverAll') {
      return this.tell(worker, { does: what, saga: Math.max(0, this.started - 1 - among) });
    }
    const found = await storage.find({ status: 'COMPENSATION_FAILED', limit: 10 }).catch(() => ({ items: [] }));
    const failed = found.items[among % Math.max(1, found.items.length)];
    if (failed !== undefined) this.tell(worker, { does: what, saga: numberOf(failed) });
  }

  /** Nothing fails any more: both releases run, an operator looks after what waits, and everything has to come to its end. */
  private async settle(storage: SagaStorage): Promise<number> {
    const began = performance.now();
    for (const [i, release] of ([1, 1, 2, 2] as const).entries()) {
      this.releases[i] = release;
      await this.workers[i]?.close();
      await this.restart(i, 0);
    }
    let fewest = Infinity;
    let since = began;
    const asked = new Map<string, number>();
    for (let look = 0; performance.now() - since < STANDSTILL; look++) {
      const unfinished = await allOf(storage, UNFINISHED);
      if (unfinished.length === 0) return performance.now() - began;
      if (unfinished.length < fewest) {
        fewest = unfinished.length;
        since = performance.now();
      }
      // Rounds of compensation come less and less often, which an operator need not wait for; but one who asks without a pause would keep the
      // workers from everything else.
      const waiting = unfinished.filter(
        ({ id, status, heldReason }) =>
          (heldReason !== undefined || status === 'COMPENSATION_FAILED') &&
          performance.now() - (asked.get(id) ?? -Infinity) > OPERATOR_PAUSE,
      );
      for (const saga of waiting.slice(0, ASKED_AT_ONCE)) {
        asked.set(saga.id, performance.now());
        this.tell(look % WORKERS, { does: 'recover', saga: numberOf(saga) });
      }
      await setTimeout(300, undefined, { signal: this.options.signal });
    }
    return performance.now() - began;
  }

  private async judge(storage: SagaStorage): Promise<Verdict> {
    // What callers are still to be told is told by the closing of the workers at the latest.
    await Promise.all(this.workers.map((worker) => worker.close()));
    const verdict = new Verdict({ seed: this.options.seed, sharesTransactions: this.isShared });
    const effects = bySaga(new EffectLedger(this.ledgerFile).read());
    const rows = bySaga(this.isShared ? await applicationRows(this.server.direct) : []);
    for (let saga = 0; saga < this.started; saga++) {
      this.options.signal?.throwIfAborted();
      const end = await this.endOf(saga, { effects, rows }, storage);
      const broken = verdict.judge(end);
      if (broken.length > 0) this.violations.push({ end, broken });
    }
    const { kept, expected } = verdict.counts.money;
    if (kept !== expected) {
      this.violations.push({
        broken: [`${String(kept)} is kept at the other side, and ${String(expected)} should be`],
      });
    }
    return verdict;
  }

  private async endOf(saga: number, { effects, rows }: Traces, storage: SagaStorage): Promise<SagaEnd> {
    const id = `chaos-${String(saga)}`;
    const loaded = await storage.load(id);
    const history = await storage.history(id);
    return {
      id,
      saga,
      record: loaded?.record,
      history,
      effects: effects.get(id) ?? [],
      rows: rows.get(id) ?? [],
      startedWithin: this.within.has(saga),
      contended: this.contended.has(saga),
      told: this.told.get(saga) ?? [],
    };
  }

  private get isOver(): boolean {
    return this.over || this.options.signal?.aborted === true;
  }

  private get ledgerFile(): string {
    return join(this.folder, 'ledger');
  }

  private count(incident: string): void {
    this.incidents[incident] = (this.incidents[incident] ?? 0) + 1;
  }
}

/** What the sagas of a run have left behind them. */
interface Traces {
  readonly effects: ReadonlyMap<string, readonly Effect[]>;
  readonly rows: ReadonlyMap<string, readonly ApplicationRow[]>;
}

function bySaga<T extends { readonly sagaId: string }>(traces: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const trace of traces) {
    const of = found.get(trace.sagaId);
    if (of === undefined) found.set(trace.sagaId, [trace]);
    else of.push(trace);
  }
  return found;
}

function numberOf({ id }: SagaSummary): number {
  return Number(id.slice('chaos-'.length));
}

/** Does each thing when its time has come, ms from now. */
async function inTime<T extends { readonly at: number }>(
  things: readonly T[],
  work: (thing: T) => void,
  signal?: AbortSignal,
): Promise<void> {
  const began = performance.now();
  for (const thing of things) {
    const wait = thing.at - (performance.now() - began);
    if (wait > 0) await setTimeout(wait, undefined, { signal });
    work(thing);
  }
}
