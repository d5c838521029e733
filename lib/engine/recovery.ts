import type { SagaRegistry } from '../discovery/saga-registry.js';
import { SagaNotFoundError } from '../errors/saga-not-found-error.js';
import { restoreError } from '../errors/stored-to-error.js';
import type { LoadedSaga, SagaStatus } from '../storage/saga-record.js';
import type { HeldReason } from '../storage/log-entry.js';
import { isFinal } from '../storage/saga-record.js';
import { Claims, type Wanted } from './claims.js';
import { HarmlessLogger } from '../storage/harmless-logger.js';
import { DueRounds } from './due-rounds.js';
import { Pause } from './pause.js';
import { refuseParked } from './rules/answer-request.js';
import type { SagaEnvironment } from './saga-environment.js';
import { SagaExecution } from './saga-execution.js';
import { SagaJournal } from './saga-journal.js';
import { storedSaga } from './runnable-saga.js';
import type { Worker } from './worker.js';

/** What `recover()` found or did. */
export interface SagaOutcome {
  /** The saga's. */
  readonly id: string;
  /** As it was left: final, waiting, parked, or run by a live worker. */
  readonly status: SagaStatus;
  /** Why it turned back; absent when it has not. */
  readonly error?: Error;
  /** Why it is parked; absent when it is not. */
  readonly heldReason?: HeldReason;
}

/** What `recoverAll()` did. */
export interface RecoveryReport {
  /** Each saga that this worker took over, as it left it. */
  readonly sagas: readonly SagaOutcome[];
}

/** `recoverAll()` claims so many at a time. */
const CLAIM_BATCH = 100;

/** Milliseconds between the looks for a saga whose caller has not committed yet; five seconds in all. */
const EXPECTANT_LOOKS = [20, 40, 80, 160, 320, 640, 1_280, 2_560] as const;

/** Finds sagas whose worker is gone, claims them, and lets them go on: the same code path as their first run. */
export class Recovery {
  private readonly logger = new HarmlessLogger('SagaRecovery');
  private readonly recovering = new Set<SagaExecution>();
  private readonly claims: Claims;
  private readonly dueRounds: DueRounds;
  #stopped = false;
  #wanted = false;
  #looks: number[] = [];
  /** The last look took as many as it asked for, or there was no room, so there may be more. */
  #more = false;
  #pause?: Pause;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly env: SagaEnvironment,
    private readonly worker: Worker,
    private readonly registry: SagaRegistry,
  ) {
    this.claims = new Claims(env, worker, registry);
    this.dueRounds = new DueRounds(env.options.recovery.interval);
  }

  /** Looks at once, then every `recovery.interval`, and when a round of compensation is due that ended here. */
  start(): void {
    if (this.env.options.recovery.enabled) this.#looking = this.keepLooking();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause?.wake();
    await this.#looking;
  }

  /** Looks without waiting for the interval: something can probably be claimed now. */
  hurry(): void {
    this.#wanted = true;
    this.#pause?.wake();
  }

  /**
   * A saga can be claimed when its caller commits, of which nobody may tell: looks a few times, less and less often. Then it is found by the
   * interval.
   */
  expect(): void {
    this.#looks = [...EXPECTANT_LOOKS];
    this.#pause?.wake();
  }

  /** This saga has left the worker. Where it waits for another round, a look is due then: that is never before the pause of now is over. */
  onLeft(execution: SagaExecution): void {
    const { state } = execution;
    this.recovering.delete(execution);
    if (state.status === 'COMPENSATION_FAILED' && state.roundDueAt !== undefined) this.dueRounds.add(state.roundDueAt);
    this.onRoom();
  }

  /** Looks again where there was no room. Sagas that stay for long leave it to the interval. */
  private onRoom(): void {
    if (this.#more && this.hasRoom) this.hurry();
  }

  /** Most places are free: what is claimed together is written together, so large lots save claims as well as writes. */
  private get hasRoom(): boolean {
    const { concurrency, recovery } = this.env.options;
    return this.recovering.size <= recovery.concurrency / 4 && this.worker.room >= concurrency / 2;
  }

  /**
   * Takes one saga up, parked or not, due or not, and returns when it rests or waits.
   *
   * @throws {SagaNotFoundError}
   */
  async recover(id: string): Promise<SagaOutcome> {
    this.worker.assertOpen();
    const loaded = await this.env.storage.load(id);
    if (loaded === undefined) throw new SagaNotFoundError(id);
    if (!isFinal(loaded.record.status)) {
      this.registry.get(loaded.record.name);
      const [execution] = await this.resumeAll(await this.claim({ limit: 1, ids: [id] }), { eager: true });
      await execution?.settled();
    }
    return this.report(id);
  }

  /** Takes up everything whose worker is gone, failed compensations before their time, and returns when all of it rests or waits. */
  async recoverAll(): Promise<RecoveryReport> {
    this.worker.assertOpen();
    const { concurrency } = this.env.options.recovery;
    const claimed = await this.claimAll();
    for (let i = 0; i < claimed.length; i += concurrency) {
      const batch = await this.resumeAll(claimed.slice(i, i + concurrency), { eager: true });
      await Promise.all(batch.map((execution) => execution.settled()));
    }
    return { sagas: await Promise.all(claimed.map(({ record }) => this.report(record.id))) };
  }

  /** All of them before the first one runs: those that fail again would be claimed again. */
  private async claimAll(): Promise<readonly LoadedSaga[]> {
    const all: LoadedSaga[] = [];
    for (;;) {
      const claimed = await this.claim({ limit: CLAIM_BATCH, ignoreDue: true });
      all.push(...claimed);
      if (claimed.length < CLAIM_BATCH) return all;
    }
  }

  /** Claims a saga that nobody runs, so that an operator's request is answered at once. */
  async serve(id: string): Promise<void> {
    await this.resumeAll(await this.claim({ limit: 1, ids: [id] }), { eager: false });
  }

  private async keepLooking(): Promise<void> {
    while (!this.#stopped) {
      this.#wanted = false;
      await this.look();
      if (this.#stopped) return;
      this.#pause = new Pause(this.#wanted ? 0 : this.untilNextLook(), { keepAlive: false });
      await this.#pause.over;
    }
  }

  private untilNextLook(): number {
    const untilRound = this.dueRounds.untilNext(this.env.clock.now());
    return Math.min(this.env.options.recovery.interval, this.#looks.shift() ?? Infinity, untilRound);
  }

  private async look(): Promise<void> {
    try {
      for (;;) {
        const limit = Math.min(this.env.options.recovery.concurrency - this.recovering.size, this.worker.room);
        this.#more = limit <= 0;
        if (this.#stopped || this.#more) return;
        const claimed = await this.claim({ limit });
        this.env.outage.answered(this);
        await this.resumeAll(claimed, { eager: false });
        if (claimed.length < limit) return;
        this.#more = true;
        if (!this.hasRoom) return;
      }
    } catch (error) {
      this.env.outage.met(error, this);
    }
  }

  private async claim(wanted: Wanted): Promise<readonly LoadedSaga[]> {
    await this.resumeAll(await this.claims.forgotten(), { eager: false });
    return this.claims.take(wanted);
  }

  /** Those that go on; the others are parked. */
  private async resumeAll(
    claimed: readonly LoadedSaga[],
    options: { readonly eager: boolean },
  ): Promise<readonly SagaExecution[]> {
    const executions = await Promise.all(claimed.map((loaded) => this.resume(loaded, options)));
    return executions.filter((execution) => execution !== undefined);
  }

  /** Lets a saga go on, or has parked it: whatever is wrong with one saga never stops the others. */
  private async resume(loaded: LoadedSaga, { eager }: { readonly eager: boolean }): Promise<SagaExecution | undefined> {
    const { record } = loaded;
    const { lease } = this.worker;
    this.claims.begun(record.id);
    // The lease was lost while the claim was under way: nothing may start under it, and under the new one it is not claimed.
    if (record.worker !== lease.id) return undefined;
    try {
      const registered = this.registry.get(record.name);
      if (loaded.unreadable !== undefined) throw new Error(loaded.unreadable);
      const journal = SagaJournal.resume(loaded, lease, this.env);
      const saga = storedSaga(record, registered);
      const execution = new SagaExecution(this.env, { saga, journal, lease, eager });
      execution.assertReadable();
      this.track(execution);
      return execution;
    } catch (error) {
      await this.park(loaded, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  private track(execution: SagaExecution): void {
    this.recovering.add(execution);
    this.worker.run(execution);
    // One that is interrupted gives its place up at once; it leaves when its last write has been answered, which may take a network minutes.
    void execution.ended.then(() => this.recovering.delete(execution));
  }

  /** Changes no status and counts nothing: the saga is listed with the reason until somebody asks for it by its id. */
  private async park({ record, requests }: LoadedSaga, message: string): Promise<void> {
    const held: HeldReason = { code: 'unreadable', message };
    this.logger.error(`Saga '${record.id}' (${record.name}) cannot be continued and is parked: ${message}`);
    try {
      const { outcome } = await this.env.storage.transition({
        id: record.id,
        version: record.version + 1,
        seq: record.seq + 1,
        entries: [{ event: 'held', held }, ...requests.map(refuseParked)],
        head: { worker: null, heldReason: held },
        worker: this.worker.lease.id,
        writeId: this.worker.lease.nextWriteId(),
        knownRequests: requests.map(({ id }) => id),
      });
      if (outcome !== 'written') this.claims.lost();
    } catch (error) {
      this.claims.lost();
      this.env.outage.met(error);
    }
  }

  private async report(id: string): Promise<SagaOutcome> {
    const loaded = await this.env.storage.load(id);
    if (loaded === undefined) throw new SagaNotFoundError(id);
    const { status, error, heldReason } = loaded.record;
    return {
      id,
      status,
      ...(error === undefined ? {} : { error: restoreError(error) }),
      ...(heldReason === undefined ? {} : { heldReason }),
    };
  }
}
