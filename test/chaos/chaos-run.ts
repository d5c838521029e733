import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { SagaStorage, SagaSummary } from 'nest-saga';
import { createApplicationTable, sharesTransactions } from '../harness/application-table.js';
import { connectTo, type StorageName } from '../harness/process-storage.js';
import { CHAOS_SERVERS, type ChaosServer } from './chaos-server.js';
import { Crew } from './crew.js';
import { WORKERS, incidentsOf, startsOf, type Incident, type Start } from './plan.js';
import { Random } from './random.js';
import { SagaTraces } from './saga-traces.js';
import { settle } from './settling.js';
import { Verdict, type Counts, type SagaEnd } from './verdict.js';
import type { Said } from './worker.js';

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

const LEASE = 1_000;

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

class ChaosRun {
  private readonly folder = mkdtempSync(join(tmpdir(), 'nest-saga-chaos-run-'));
  private readonly ledger = join(this.folder, 'ledger');
  private readonly crew: Crew;
  private readonly told = new Map<number, string[]>();
  private readonly incidents: Record<string, number> = {};
  private readonly violations: Violation[] = [];
  private readonly underWay = new Set<Promise<void>>();
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
  ) {
    this.crew = new Crew({
      order: { seed: options.seed, location: server.location, ledger: this.ledger, lease: LEASE },
      onSaid: (said) => this.hear(said),
      onCrash: (how) => this.violations.push({ broken: [how] }),
      onIncident: (name) => this.count(name),
      isOver: () => this.over || this.options.signal?.aborted === true,
    });
  }

  async report(): Promise<ChaosReport> {
    this.options.signal?.throwIfAborted();
    await this.crew.start();
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
    await this.crew.killAll();
    rmSync(this.folder, { recursive: true, force: true });
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

  private start({ saga, how, workers }: Start): void {
    this.started = saga + 1;
    if (how === 'start within') this.within.add(saga);
    if (workers.length > 1) this.contended.add(saga);
    for (const worker of workers) this.crew.tell(worker, { does: how, saga });
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
        return this.crew.kill(incident.worker, incident);
      case 'close':
        return this.crew.close(incident.worker, incident);
      case 'stop':
        return this.crew.stop(incident.worker, incident.for);
      case 'deploy':
        this.count('rolling deployment');
        return this.crew.deploy();
      case 'server':
        return this.breakServer(incident.fault, incident.seed);
      case 'ask':
        return this.ask(incident, storage);
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
      return this.crew.tell(worker, { does: what, saga: Math.max(0, this.started - 1 - among) });
    }
    const found = await storage.find({ status: 'COMPENSATION_FAILED', limit: 10 }).catch(() => ({ items: [] }));
    const failed = found.items[among % Math.max(1, found.items.length)];
    if (failed !== undefined) this.crew.tell(worker, { does: what, saga: numberOf(failed) });
  }

  /** Returns how long it took; ms. */
  private async settle(storage: SagaStorage): Promise<number> {
    const began = performance.now();
    await this.crew.runBothReleases();
    let asked = 0;
    await settle(storage, {
      ask: (saga) => this.crew.tell(asked++ % WORKERS, { does: 'recover', saga: numberOf(saga) }),
      signal: this.options.signal,
    });
    return performance.now() - began;
  }

  private async judge(storage: SagaStorage): Promise<Verdict> {
    await this.crew.closeAll();
    const verdict = new Verdict({ seed: this.options.seed, sharesTransactions: this.isShared });
    const traces = await SagaTraces.read(storage, { ledger: this.ledger, location: this.server.direct });
    for (let saga = 0; saga < this.started; saga++) {
      this.options.signal?.throwIfAborted();
      const end = await this.endOf(saga, traces);
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

  private async endOf(saga: number, traces: SagaTraces): Promise<SagaEnd> {
    const id = `chaos-${String(saga)}`;
    return {
      id,
      saga,
      ...(await traces.of(id)),
      startedWithin: this.within.has(saga),
      contended: this.contended.has(saga),
      told: this.told.get(saga) ?? [],
    };
  }

  /** Whether steps and callers write in transactions that they share with the storage. */
  private get isShared(): boolean {
    return sharesTransactions(this.server.direct);
  }

  private count(incident: string): void {
    this.incidents[incident] = (this.incidents[incident] ?? 0) + 1;
  }
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
