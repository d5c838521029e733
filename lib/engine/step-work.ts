import type { ActOutcome } from '../definition/step-handler.js';
import type { SerializationInfo } from '../context/saga-serializer.js';
import type { RegisteredStep } from '../discovery/registered-step.js';
import { HandlerMissingError } from '../errors/handler-missing-error.js';
import { TransactionBrokenError } from '../errors/transaction-broken-error.js';
import type { JsonValue } from '../storage/json-value.js';
import type { EntryDraft } from '../storage/log-entry.js';
import { actNotDone, compensateNotDone, type Misfortune } from './rules/attempt-outcome.js';
import type { Effect } from './rules/next-move.js';
import { serializationInfoOf, type RunnableSaga } from './runnable-saga.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { SagaJournal } from './saga-journal.js';
import { progressOf } from './rules/saga-state.js';
import { Saving } from './saving.js';
import { StepAttempt } from './step-attempt.js';
import { misfortuneOf, RunningAttempt, unstorable, type AttemptEnd } from './step-attempts.js';
import { timeLimitOf, type TimeLimit } from './time-limit.js';

/** What has happened and is not written yet. It is written in one row together with what happens next. */
export interface Happened {
  readonly entries: readonly EntryDraft[];
  readonly context?: JsonValue;
  /** The attempt that has just ended, where its step can still be told that this cannot be stored. */
  readonly attempt?: StepEffect;
  /** Why the phase is not done, where it is not. */
  readonly failure?: { readonly error: unknown };
}

/** There is nothing to write of what happened: it is only to be decided what is next. */
export const NOTHING: Happened = { entries: [] };

/** One attempt, from its beginning to what is written of it. */
interface Undertaking {
  readonly effect: StepEffect;
  readonly step: RegisteredStep;
  readonly info: SerializationInfo;
  readonly context: object;
  readonly limit: TimeLimit | undefined;
  /** It runs in a transaction, which only its completion commits. */
  readonly isShared: boolean;
}

export type StepEffect = Extract<Effect, { type: 'act' | 'compensate' }>;

/** Does what was decided: one attempt of a step's phase at a time, from the stored context to what has to be written of it. */
export class StepWork {
  #running?: RunningAttempt<Happened> | undefined;
  /** What the attempt in flight saves, if it does. */
  #saving?: Saving | undefined;
  #interruption?: Error;
  #thrown?: unknown;
  #timeOver = 0;

  constructor(
    private readonly env: SagaEnvironment,
    private readonly saga: RunnableSaga,
    private readonly journal: SagaJournal,
    /** The execution that it works for: request-scoped steps live as long. */
    private readonly scope: object,
  ) {}

  /** The error that the last act threw, as the caller of run() gets it; the log keeps only its likeness. */
  get thrown(): unknown {
    return this.#thrown;
  }

  /** A time by which a timer has ended an attempt: by the storage's clock, which may be milliseconds behind, it is over too. */
  get timeOver(): number {
    return this.#timeOver;
  }

  /** The handler in flight is told to stop, and its outcome is nobody's. */
  interrupt(error: Error): void {
    this.#interruption ??= error;
    this.#running?.cut(error);
  }

  /** @throws what interrupted it, and what made saving impossible: then nothing is to be written of this attempt. */
  do(effect: StepEffect, transaction?: unknown): Promise<Happened> {
    const step = this.saga.registered.steps.get(effect.step);
    if (step === undefined) return Promise.resolve(this.missing(effect));
    const { invoker, serializer } = this.env;
    const info = serializationInfoOf(this.saga, step.name);
    const context = serializer.restoreContext(this.journal.context, info);
    const result = effect.type === 'act' ? undefined : serializer.restoreResult(this.resultOf(step.name), info);
    const limit = this.limitOf(step, effect);
    const taken: Undertaking = { effect, step, info, context, limit, isShared: transaction !== undefined };
    const attempt = this.attemptOf(taken, transaction);
    const call = { saga: this.saga.registered, step, attempt, context, result, scope: this.scope };
    // Before it starts: its handler may save before it first waits.
    this.#saving = undefined;
    const running = RunningAttempt.start(invoker, call, { limit, use: (end) => this.ended(taken, end) });
    this.#running = running;
    if (this.#interruption !== undefined) running.cut(this.#interruption);
    // Not `async`: a function that waits holds half a kilobyte, and this one waits as long as the handler does.
    return running.used;
  }

  /** The storage will never take what the attempt left behind. */
  rejected(effect: StepEffect, error: unknown, outcome: 'failed' | 'unknown' = 'unknown'): Happened {
    if (effect.type === 'act' && outcome === 'failed') this.#thrown = error;
    return { entries: this.notDone(effect, error, { ...unstorable(error), outcome }).entries };
  }

  /** Its transaction could not be committed; the step may be attempted again, unless it has ended the transaction itself. */
  broken(effect: StepEffect, error: unknown): Happened {
    const step = this.saga.registered.steps.get(effect.step);
    if (step === undefined) return this.missing(effect);
    if (effect.type === 'act') this.#thrown = error;
    // What the step has committed itself stands, without a completion: another attempt would do it once more.
    if (error instanceof TransactionBrokenError && error.mayStand)
      return this.notDone(effect, error, unstorable(error));
    return this.notDone(effect, error, misfortuneOf(step, error, 'failed'));
  }

  /** Milliseconds that the attempt may take, where that is limited. */
  longest(effect: StepEffect): number | undefined {
    const step = this.saga.registered.steps.get(effect.step);
    return step && this.limitOf(step, effect)?.ms;
  }

  private limitOf(step: RegisteredStep, { type: phase }: StepEffect): TimeLimit | undefined {
    const { deadlineAt } = this.journal.state;
    return timeLimitOf(this.saga, step, { phase, deadlineAt, clock: this.env.clock });
  }

  private ended(taken: Undertaking, end: AttemptEnd): Happened | Promise<Happened> {
    this.#running = undefined;
    if (end.type === 'timed-out') this.#timeOver = taken.limit?.deadlineAt ?? this.#timeOver;
    return this.#saving === undefined ? this.outcome(taken, end) : this.afterSaving(this.#saving, taken, end);
  }

  private async afterSaving(saving: Saving, taken: Undertaking, end: AttemptEnd): Promise<Happened> {
    await saving.done();
    return this.outcome(taken, end);
  }

  private outcome(taken: Undertaking, end: AttemptEnd): Happened {
    const { effect, step, isShared } = taken;
    switch (end.type) {
      case 'cut':
        throw end.error;
      case 'threw':
        if (effect.type === 'act') this.#thrown = end.error;
        return this.notDone(effect, end.error, misfortuneOf(step, end.error, end.outcome));
      case 'timed-out':
        if (effect.type === 'act') this.#thrown = end.error;
        return this.notDone(effect, end.error, misfortuneOf(step, end.error, isShared ? 'failed' : 'unknown'));
      case 'returned':
        return this.done(taken, end.value);
    }
  }

  private done({ effect, info, context, isShared }: Undertaking, value: unknown): Happened {
    const { type: phase, step, attempt } = effect;
    const { serializer } = this.env;
    try {
      const result = phase === 'act' ? serializer.serializeResult(value, info) : undefined;
      const completed: EntryDraft =
        result === undefined
          ? { event: 'completed', step, phase, attempt }
          : { event: 'completed', step, phase, attempt, result };
      return { entries: [completed], context: serializer.serializeContext(context, info), attempt: effect };
    } catch (error) {
      if (phase === 'act') this.#thrown = error;
      return this.notDone(effect, error, { ...unstorable(error), ...(isShared && { outcome: 'failed' }) });
    }
  }

  private notDone(effect: StepEffect, error: unknown, seen: Misfortune): Happened {
    const { type, step, attempt } = effect;
    const plan = this.saga.plan.steps.get(step);
    if (plan === undefined) throw new HandlerMissingError({ sagaId: this.saga.id, saga: this.saga.name, step });
    const { state } = this.journal;
    const entry =
      type === 'act'
        ? actNotDone(this.saga.plan, plan, state, attempt, seen)
        : compensateNotDone(plan, state, attempt, seen);
    return { entries: [entry], attempt: effect, failure: { error } };
  }

  /** The code has no such step any more: a failure that no retry mends. */
  private missing(effect: StepEffect): Happened {
    const error = new HandlerMissingError({ sagaId: this.saga.id, saga: this.saga.name, step: effect.step });
    return this.notDone(effect, error, { ...unstorable(error), outcome: 'failed', unstorable: false });
  }

  private save(taken: Undertaking): Promise<void> {
    this.#saving ??= new Saving(
      (json) => this.writeSaved(taken.effect, json),
      () => this.env.serializer.serializeContext(taken.context, taken.info),
    );
    return this.#saving.save();
  }

  /** Its own row, in the middle of an attempt: nothing is decided by it, and no request is answered. */
  private async writeSaved({ type: phase, step, attempt }: StepEffect, context: JsonValue): Promise<void> {
    const entries: EntryDraft[] = [{ event: 'saved', step, phase, attempt }];
    while ((await this.journal.append({ entries, context })) !== 'written') {
      if (this.#interruption !== undefined) throw this.#interruption;
    }
  }

  private attemptOf(taken: Undertaking, transaction: unknown): StepAttempt {
    const { type: phase, step: stepName, attempt } = taken.effect;
    return new StepAttempt({
      sagaId: this.saga.id,
      sagaName: this.saga.name,
      stepName,
      phase,
      attempt,
      outcome: phase === 'act' ? undefined : this.actOutcomeOf(stepName),
      save: () => this.save(taken),
      transaction,
    });
  }

  private actOutcomeOf(step: string): ActOutcome {
    const progress = progressOf(this.journal.state, step);
    const status = progress?.act.status;
    if (status === 'interrupted' && progress?.transactional && !progress.doubtful) return 'failed';
    return status === 'completed' || status === 'failed' ? status : 'unknown';
  }

  private resultOf(step: string): JsonValue | undefined {
    return progressOf(this.journal.state, step)?.result;
  }
}
