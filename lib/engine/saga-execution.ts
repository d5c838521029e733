import { SagaInterruptedError, type InterruptionReason } from '../errors/saga-interrupted-error.js';
import { StaleSagaError } from '../errors/stale-saga-error.js';
import { StorageRejectedError } from '../errors/storage-rejected-error.js';
import type { EntryDraft, HeldReason } from '../storage/log-entry.js';
import type { SagaTransition, TransitionResult } from '../storage/saga-changes.js';
import { headChange } from './head-change.js';
import { nextMove, type Effect, type Move } from './rules/next-move.js';
import { Pause } from './pause.js';
import { serializationInfoOf, type RunnableSaga } from './runnable-saga.js';
import { birthOf, createdEntry } from './saga-birth.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { AppendResult, JournalWrite, SagaJournal } from './saga-journal.js';
import { outcomeOf, type SagaEnd } from './saga-outcome.js';
import type { SagaState } from './rules/saga-state.js';
import type { AttemptTransaction } from './shared-transaction.js';
import { NOTHING, StepWork, type Happened, type StepEffect } from './step-work.js';
import { doTransactionally } from './transactional-step.js';
import type { WorkerLease } from './worker-lease.js';

/** An execution writes down what happened, and does what is next, in turn. */
type Turn = Happened | Effect;

/** How a new saga is stored. */
export interface Creation {
  /** Until some worker has room; else it runs here. */
  readonly queued: boolean;
}

export interface ExecutionOptions {
  readonly saga: RunnableSaga;
  readonly journal: SagaJournal;
  readonly lease: WorkerLease;
  /** Somebody asked for this saga now. */
  readonly eager?: boolean;
}

/**
 * One saga on its way through one worker: decide, write down, do; and again. Recovery comes in at the same place as the first run,
 * with the state that the log tells. A crash at any point leaves the log as it is, and another worker goes on from it.
 */
export class SagaExecution {
  readonly ended: Promise<SagaEnd>;
  #end!: (end: SagaEnd) => void;

  readonly saga: RunnableSaga;
  private readonly journal: SagaJournal;
  private readonly lease: WorkerLease;
  private readonly work: StepWork;
  /** What was decided last: it is done once it is written down. */
  #next: Turn = NOTHING;
  #eager: boolean;
  #closing = false;
  #asked = false;
  #interruption?: SagaInterruptedError;
  #pause?: Pause;
  #firstWait: (() => void) | undefined;

  constructor(
    private readonly env: SagaEnvironment,
    { saga, journal, lease, eager = false }: ExecutionOptions,
  ) {
    this.saga = saga;
    this.journal = journal;
    this.lease = lease;
    this.work = new StepWork(env, saga, journal, this);
    this.#eager = eager;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get state(): SagaState {
    return this.journal.state;
  }

  /** @throws when the stored context cannot be restored: then nothing of this saga is to be started. */
  assertReadable(): void {
    this.env.serializer.restoreContext(this.journal.context, serializationInfoOf(this.saga));
  }

  /** Stores the new saga, together with the start of its first step. `exists`: the id is taken, and nothing is to be run. */
  create({ queued }: Creation): Promise<'written' | 'exists'> {
    const created = createdEntry(this.saga);
    const move = queued ? undefined : this.decide([created], this.now());
    if (move !== undefined) this.#next = move.effect;
    const entries = move === undefined ? [created] : [created, ...move.entries];
    return this.journal.begin(birthOf(this.saga, move?.after.status ?? 'PENDING'), entries);
  }

  /** Stores the new saga in a transaction of the application's, for whoever has room behind its commit. As {@link SagaJournal.beginWithin}. */
  createWithin(handle: unknown): Promise<() => Promise<boolean>> {
    return this.journal.beginWithin(handle, birthOf(this.saga, 'PENDING'), [createdEntry(this.saga)]);
  }

  /**
   * Goes on until the saga rests, or this worker may not go on; then it calls `onLeft`. Never rejects. The only function that waits as long as
   * its saga lives: what it calls returns promises and keeps no frame of its own.
   */
  async run(onLeft: (execution: this) => void): Promise<void> {
    try {
      let turn = this.#next;
      for (;;) {
        if ('entries' in turn) {
          const row = this.rowOf(this.plan(turn));
          if (row === undefined) {
            turn = this.#next;
            continue;
          }
          let answer: TransitionResult;
          try {
            answer = await this.journal.send(row);
          } catch (error) {
            turn = await this.sendAgain(row, turn, error);
            continue;
          }
          const result = this.journal.answered(row, answer);
          turn = this.after(result instanceof Promise ? await result : result, turn);
          continue;
        }
        switch (turn.type) {
          case 'act':
          case 'compensate':
            this.throwIfInterrupted();
            turn = await this.do(turn);
            break;
          case 'wait':
            await this.waitUntil(turn.until);
            turn = NOTHING;
            break;
          case 'end':
          case 'park':
            return this.#end(outcomeOf(this.saga, this.journal, this.env.serializer, this.work.thrown));
          case 'leave':
            return this.#end({ type: 'interrupted', error: new SagaInterruptedError(this.saga.id, 'closing') });
        }
      }
    } catch (error) {
      this.#end(await this.brokenOff(error));
    } finally {
      this.env.invoker.release(this);
      this.#firstWait?.();
      onLeft(this);
    }
  }

  /** Resolves when the saga rests or has to wait: nothing more is to be expected at once. */
  async settled(): Promise<void> {
    if (this.#pause !== undefined) return;
    await Promise.race([this.ended, new Promise<void>((resolve) => (this.#firstWait = resolve))]);
  }

  /** An operator asks something of this saga. While it works, its next write meets the request; only a wait has to be cut short. */
  heed(): void {
    this.#asked = true;
    this.#pause?.wake();
  }

  /** The application closes: what is in flight may end, nothing new starts. */
  close(): void {
    this.#closing = true;
    this.#pause?.wake();
  }

  /**
   * This worker may not go on: the handler in flight is told, and its outcome is nobody's. Whoever waits for the saga is told at once: a
   * write on its way may have met a network that says nothing for a quarter of an hour.
   */
  interrupt(error: SagaInterruptedError): void {
    this.#interruption ??= error;
    this.#end({ type: 'interrupted', error: this.#interruption });
    this.work.interrupt(error);
    this.#pause?.wake();
  }

  private now(): number {
    return Math.max(this.env.clock.now(), this.work.timeOver);
  }

  private decide(news: readonly EntryDraft[], now: number): Move {
    const { saga, journal, env } = this;
    const around = {
      now,
      closing: this.#closing,
      requests: journal.requests,
      eager: this.#eager,
      maxAttempts: env.options.recovery.maxAttempts,
      roundDelay: env.roundDelay,
      definition: saga.definition,
      isMissing: saga.registered.isMissing,
    };
    return nextMove(saga.plan, journal.state, around, news);
  }

  private do(effect: StepEffect): Promise<Turn> {
    const { env, journal, work } = this;
    if (this.saga.plan.steps.get(effect.step)?.transactional !== true) return work.do(effect);
    return doTransactionally(effect, {
      storage: env.storage,
      journal,
      work,
      throwIfInterrupted: () => this.throwIfInterrupted(),
      record: (happened, transaction) => this.recordWithin(transaction, happened),
    });
  }

  private async recordWithin(transaction: AttemptTransaction, happened: Happened): Promise<Turn> {
    while ((await transaction.append(this.plan(happened))) === 'requested');
    return this.after('written', happened);
  }

  /** What happened and what happens next are one row. A crash before it is written: nobody knows of either. */
  private plan({ entries: news, context }: Happened): JournalWrite {
    this.throwIfInterrupted();
    const now = this.now();
    const { entries: next, effect, after } = this.decide(news, now);
    const head = headChange(this.saga, this.journal.state, after, { effect, now });
    this.#next = effect;
    return { entries: news.concat(next), context, head };
  }

  private rowOf(write: JournalWrite): SagaTransition | undefined {
    return write.entries.length === 0 ? undefined : this.journal.prepare(write);
  }

  private after(result: AppendResult, happened: Happened): Turn {
    if (result === 'requested') return happened;
    if (result === 'reread') return NOTHING;
    this.#eager = false;
    return this.#next;
  }

  /** The storage may refuse for ever what a step left behind: then that step counts as one whose result cannot be stored. */
  private async sendAgain(row: SagaTransition, happened: Happened, error: unknown): Promise<Turn> {
    try {
      return this.after(await this.journal.sendAgain(row, error), happened);
    } catch (refused) {
      if (happened.attempt === undefined || !(refused instanceof StorageRejectedError)) throw refused;
      return this.work.rejected(happened.attempt, refused);
    }
  }

  /** Who asked or closed while the write before was on its way has woken nobody: then there is no wait. */
  private async waitUntil(until: number): Promise<void> {
    this.throwIfInterrupted();
    this.#pause = new Pause(this.#asked || this.#closing ? 0 : until - this.env.clock.now());
    this.#firstWait?.();
    await this.#pause.over;
    this.#pause = undefined;
    if (this.#asked) await this.journal.refreshRequests();
    this.#asked = false;
  }

  private throwIfInterrupted(): void {
    if (this.#interruption !== undefined) throw this.#interruption;
    if (!this.lease.isTrusted()) throw new SagaInterruptedError(this.saga.id, this.lease.lostBy);
  }

  /** Whoever cannot go on leaves the saga to others: by its lease, or, where it is the saga that is broken, by parking it. */
  private async brokenOff(error: unknown): Promise<SagaEnd> {
    if (error instanceof SagaInterruptedError) return { type: 'interrupted', error };
    if (error instanceof StaleSagaError) return this.interruptedBy('lease-lost', error);
    const heldReason: HeldReason = {
      code: 'unreadable',
      message: error instanceof Error ? error.message : String(error),
    };
    try {
      const head = { worker: null, heldReason };
      while ((await this.journal.append({ entries: [{ event: 'held', held: heldReason }], head })) !== 'written');
      return { type: 'held', heldReason, error: new SagaInterruptedError(this.saga.id, 'held', { cause: error }) };
    } catch {
      return this.interruptedBy('storage', error);
    }
  }

  private interruptedBy(reason: InterruptionReason, cause: unknown): SagaEnd {
    return { type: 'interrupted', error: new SagaInterruptedError(this.saga.id, reason, { cause }) };
  }
}
