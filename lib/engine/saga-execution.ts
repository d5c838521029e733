import type { SerializationInfo } from '../context/saga-serializer.js';
import type { RegisteredStep } from '../discovery/registered-step.js';
import type { ActOutcome } from '../definition/step-handler.js';
import { HandlerMissingError } from '../errors/handler-missing-error.js';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { StaleSagaError } from '../errors/stale-saga-error.js';
import { StorageRejectedError } from '../errors/storage-rejected-error.js';
import type { JsonValue } from '../storage/json-value.js';
import type { EntryDraft } from '../storage/log-entry.js';
import { actNotDone, compensateNotDone, type Misfortune } from './attempt-outcome.js';
import { roundDelayOf } from './engine-options.js';
import { headChange } from './head-change.js';
import { nextMove, type Effect } from './next-move.js';
import { Pause } from './pause.js';
import { serializationInfoOf, type RunnableSaga } from './runnable-saga.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { SagaJournal } from './saga-journal.js';
import { outcomeOf, type SagaEnd } from './saga-outcome.js';
import { applyEntry, progressOf, type SagaState } from './saga-state.js';
import { Saving } from './saving.js';
import { StepAttempt } from './step-attempt.js';
import { misfortuneOf, startAttempt, unstorable, type AttemptEnd, type RunningAttempt } from './step-attempts.js';
import { timeLimitOf } from './time-limit.js';
import type { WorkerLease } from './worker-lease.js';

/** What has happened and is not written yet. It is written in one row together with what happens next. */
interface Happened {
  readonly entries: readonly EntryDraft[];
  readonly context?: JsonValue;
}

const NOTHING: Happened = { entries: [] };

type StepEffect = Extract<Effect, { type: 'act' | 'compensate' }>;

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
  #eager: boolean;
  #closing = false;
  #asked = false;
  #interruption?: Error;
  #attempt?: RunningAttempt;
  #pause?: Pause;
  #firstWait: (() => void) | undefined;
  /** A time by which a timer has ended an attempt: by the storage's clock, which may be milliseconds behind, it is over too. */
  #timeOver = 0;
  /** The error that an act threw, as the caller of run() gets it; the log keeps only its likeness. */
  #thrown?: unknown;

  constructor(
    private readonly env: SagaEnvironment,
    { saga, journal, lease, eager = false }: ExecutionOptions,
  ) {
    this.saga = saga;
    this.journal = journal;
    this.lease = lease;
    this.#eager = eager;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get state(): SagaState {
    return this.journal.state;
  }

  /** @throws when the stored context cannot be restored: then nothing of this saga is to be started. */
  assertReadable(): void {
    this.env.serializer.restoreContext(this.journal.context, this.info());
  }

  /** Stores the new saga, together with the start of its first step. `exists`: the id is taken, and nothing ran. */
  async create({ queued }: { readonly queued: boolean }): Promise<Effect | 'exists'> {
    const { registered, plan } = this.saga;
    const created: EntryDraft = {
      event: 'created',
      ...(plan.deadline === undefined ? {} : { deadline: plan.deadline }),
    };
    const move = queued ? undefined : this.decide([created]);
    const entries = [created, ...(move?.entries ?? [])];
    const status = move?.after.status ?? 'PENDING';
    const result = await this.journal.begin(
      {
        name: registered.name,
        definitionVersion: registered.version,
        plan: registered.shape,
        planHash: registered.hash,
        status,
      },
      entries,
    );
    return result === 'exists' ? 'exists' : (move?.effect ?? { type: 'leave' });
  }

  /** Goes on until the saga rests, or this worker may not go on. Never rejects. */
  async run(first?: Effect): Promise<void> {
    try {
      let effect = first ?? (await this.advance(NOTHING));
      for (;;) {
        switch (effect.type) {
          case 'act':
          case 'compensate':
            effect = await this.afterwards(effect, await this.perform(effect));
            break;
          case 'wait':
            await this.waitUntil(effect.until);
            effect = await this.advance(NOTHING);
            break;
          case 'end':
          case 'park':
            return this.#end(outcomeOf(this.saga, this.journal, this.env.serializer, this.#thrown));
          case 'leave':
            return this.#end({ type: 'interrupted', error: new SagaInterruptedError(this.saga.id, 'closing') });
        }
      }
    } catch (error) {
      this.#end({ type: 'interrupted', error: this.asInterruption(error) });
    } finally {
      this.env.invoker.release(this);
      this.#firstWait?.();
    }
  }

  /** Resolves when the saga rests or has to wait: nothing more is to be expected at once. */
  async settled(): Promise<void> {
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

  /** This worker may not go on: the handler in flight is told, and its outcome is nobody's. */
  interrupt(error: Error): void {
    this.#interruption ??= error;
    this.#attempt?.cut(error);
    this.#pause?.wake();
  }

  private decide(entries: readonly EntryDraft[]): ReturnType<typeof nextMove> {
    const { clock, options } = this.env;
    const now = Math.max(clock.now(), this.#timeOver);
    const state = entries.reduce((folded, entry) => applyEntry(folded, entry, now), this.journal.state);
    return nextMove(this.saga.plan, state, {
      now,
      closing: this.#closing,
      requests: this.journal.requests,
      eager: this.#eager,
      maxAttempts: options.recovery.maxAttempts,
      roundDelay: roundDelayOf(options),
      definition: this.saga.definition,
      isMissing: (step) => this.saga.registered.steps.get(step)?.plan.kind !== 'compensatable',
    });
  }

  /** Writes what happened and what happens next in one row. A crash before it: nobody knows of either. */
  private async advance(happened: Happened): Promise<Effect> {
    for (let news = happened; ;) {
      this.throwIfInterrupted();
      const before = this.journal.state;
      const { entries: next, effect, after } = this.decide(news.entries);
      const entries = [...news.entries, ...next];
      if (entries.length === 0) return effect;
      const head = headChange(this.saga, before, after, { effect, now: this.env.clock.now() });
      const result = await this.journal.append({
        entries,
        ...(news.context === undefined ? {} : { context: news.context }),
        ...(head === undefined ? {} : { head }),
      });
      if (result === 'written') {
        this.#eager = false;
        return effect;
      }
      if (result === 'reread') news = NOTHING;
    }
  }

  /** The storage may refuse for ever what a step left behind: then the step counts as one whose result cannot be stored. */
  private async afterwards(effect: StepEffect, happened: Happened): Promise<Effect> {
    try {
      return await this.advance(happened);
    } catch (error) {
      if (!(error instanceof StorageRejectedError)) throw error;
      return this.advance(this.notDone(effect, unstorable(error)));
    }
  }

  private async perform(effect: StepEffect): Promise<Happened> {
    this.throwIfInterrupted();
    const step = this.saga.registered.steps.get(effect.step);
    if (step === undefined) {
      const missing = new HandlerMissingError({ sagaId: this.saga.id, saga: this.saga.name, step: effect.step });
      return this.notDone(effect, { ...unstorable(missing), outcome: 'failed', unstorable: false });
    }
    const info = this.info(step.name);
    const context = this.env.serializer.restoreContext(this.journal.context, info);
    let saving: Saving | undefined;
    const attempt = this.attemptOf(step, effect, () => {
      saving ??= new Saving(
        (json) => this.saveInside(effect, json),
        () => this.env.serializer.serializeContext(context, info),
      );
      return saving.save();
    });
    const result =
      effect.type === 'compensate'
        ? this.env.serializer.restoreResult(progressOf(this.state, step.name)?.result, info)
        : undefined;
    const limit = timeLimitOf(this.saga, step, {
      phase: effect.type,
      deadlineAt: this.state.deadlineAt,
      now: this.env.clock.now(),
    });
    this.#attempt = startAttempt(
      this.env.invoker,
      { saga: this.saga.registered, step, attempt, context, result, scope: this },
      limit,
    );
    if (this.#interruption !== undefined) this.#attempt.cut(this.#interruption);
    const end = await this.#attempt.ended;
    this.#attempt = undefined;
    if (end.type === 'timed-out') this.#timeOver = limit?.deadlineAt ?? this.#timeOver;
    await saving?.done();
    return this.happened(effect, step, context, end);
  }

  private happened(effect: StepEffect, step: RegisteredStep, context: object, end: AttemptEnd): Happened {
    switch (end.type) {
      case 'cut':
        throw end.error;
      case 'threw':
        if (effect.type === 'act') this.#thrown = end.error;
        return this.notDone(effect, misfortuneOf(step, end.error, end.outcome));
      case 'timed-out':
        if (effect.type === 'act') this.#thrown = end.error;
        return this.notDone(effect, misfortuneOf(step, end.error, 'unknown'));
      case 'returned':
        return this.done(effect, context, end.value);
    }
  }

  private done({ type, step, attempt }: StepEffect, context: object, value: unknown): Happened {
    const { serializer } = this.env;
    const info = this.info(step);
    try {
      const result = type === 'act' ? serializer.serializeResult(value, info) : undefined;
      const completed: EntryDraft = {
        event: 'completed',
        step,
        phase: type,
        attempt,
        ...(result === undefined ? {} : { result }),
      };
      return { entries: [completed], context: serializer.serializeContext(context, info) };
    } catch (error) {
      if (type === 'act') this.#thrown = error;
      return this.notDone({ type, step, attempt }, unstorable(error));
    }
  }

  private notDone({ type, step, attempt }: StepEffect, seen: Misfortune): Happened {
    const plan = this.saga.plan.steps.get(step);
    if (plan === undefined) throw new HandlerMissingError({ sagaId: this.saga.id, saga: this.saga.name, step });
    const entry =
      type === 'act'
        ? actNotDone(this.saga.plan, plan, this.state, attempt, seen)
        : compensateNotDone(plan, this.state, attempt, seen);
    return { entries: [entry] };
  }

  /** Its own row, in the middle of an attempt: nothing is decided by it, and no request is answered. */
  private async saveInside({ type, step, attempt }: StepEffect, context: JsonValue): Promise<void> {
    const entries: EntryDraft[] = [{ event: 'saved', step, phase: type, attempt }];
    while ((await this.journal.append({ entries, context })) !== 'written') this.throwIfInterrupted();
  }

  private attemptOf(step: RegisteredStep, { type, attempt }: StepEffect, save: () => Promise<void>): StepAttempt {
    const outcome = type === 'compensate' ? this.actOutcomeOf(step.name) : undefined;
    return new StepAttempt({
      sagaId: this.saga.id,
      sagaName: this.saga.name,
      stepName: step.name,
      phase: type,
      attempt,
      save,
      ...(outcome === undefined ? {} : { outcome }),
    });
  }

  private actOutcomeOf(step: string): ActOutcome {
    const status = progressOf(this.state, step)?.act.status;
    return status === 'completed' || status === 'failed' ? status : 'unknown';
  }

  private info(step?: string): SerializationInfo {
    return serializationInfoOf(this.saga, step);
  }

  private async waitUntil(until: number): Promise<void> {
    this.throwIfInterrupted();
    this.#pause = new Pause(this.#asked ? 0 : until - this.env.clock.now());
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

  private asInterruption(error: unknown): Error {
    if (error instanceof SagaInterruptedError) return error;
    const reason = error instanceof StaleSagaError ? 'lease-lost' : 'storage';
    return new SagaInterruptedError(this.saga.id, reason, { cause: error });
  }
}
