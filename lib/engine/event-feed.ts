import type { PlanShape } from '../storage/saga-record.js';
import type { SagaEvent } from '../events/saga-event.js';
import type { LogEntry, StepEntry } from '../storage/log-entry.js';
import { stepCount } from './saga-view.js';
import { applyEntry } from './rules/fold.js';
import { NEW_SAGA, type SagaState } from './rules/saga-state.js';
import { shownTurnError, withoutStack, type TurnedSaga } from './turn-error.js';

/** Turns a saga's log, entry by entry from its first, into what watchers see of it. */
export class EventFeed {
  private state: SagaState = NEW_SAGA;

  constructor(
    private readonly saga: TurnedSaga,
    private readonly shape: PlanShape,
  ) {}

  /** The saga's state after all entries so far. */
  get current(): SagaState {
    return this.state;
  }

  /** The event of the next entry, if it has one. */
  next(entry: LogEntry): SagaEvent | undefined {
    this.state = applyEntry(this.state, entry, entry.at.getTime());
    return entry.step === undefined ? this.sagaEvent(entry) : this.stepEvent(entry);
  }

  private stepEvent(entry: LogEntry & StepEntry): SagaEvent | undefined {
    const base = { ...this.base(entry), step: entry.step };
    switch (entry.event) {
      case 'started':
        return entry.phase === 'act' ? { ...base, type: 'step.started', attempt: entry.attempt } : undefined;
      case 'completed': {
        if (entry.phase === 'compensate') return { ...base, type: 'step.compensated', attempt: entry.attempt };
        const result = entry.result === undefined ? {} : { result: entry.result };
        return { ...base, type: 'step.completed', attempt: entry.attempt, ...result };
      }
      case 'failed': {
        const { attempt, outcome, retryIn } = entry;
        const failed = { ...base, attempt, error: withoutStack(entry.error) };
        if (entry.phase === 'compensate') {
          return { ...failed, type: 'step.compensation-failed', ...(retryIn === undefined ? {} : { retryIn }) };
        }
        return retryIn === undefined
          ? { ...failed, type: 'step.failed', outcome }
          : { ...failed, type: 'step.retrying', retryIn };
      }
      case 'skipped':
        return { ...base, type: 'step.compensated', ...(entry.by === undefined ? {} : { by: entry.by }) };
      case 'saved':
        return undefined;
    }
  }

  private sagaEvent(entry: Exclude<LogEntry, StepEntry>): SagaEvent | undefined {
    const base = this.base(entry);
    const error = shownTurnError(this.saga, this.state);
    const cause = error === undefined ? {} : { error };
    switch (entry.event) {
      case 'created':
        return { ...base, type: 'saga.started' };
      case 'compensating':
        return { ...base, type: 'saga.compensating', reason: entry.reason, ...cause };
      case 'completed':
        return { ...base, type: 'saga.completed' };
      case 'failed':
        return { ...base, type: 'saga.failed', reason: this.state.turned ?? 'step-failed', ...cause };
      case 'compensation-failed':
        return { ...base, type: 'saga.compensation-failed', retryIn: entry.retryIn, ...cause };
      case 'claimed':
      case 'held':
      case 'cancelled':
      case 'retried':
      case 'refused':
        return undefined;
    }
  }

  private base({ seq, at }: LogEntry): Pick<SagaEvent, 'sagaId' | 'saga' | 'seq' | 'at' | 'progress'> {
    const done = this.state.steps.filter(stands).length;
    return { sagaId: this.saga.id, saga: this.saga.name, seq, at, progress: { done, total: stepCount(this.shape) } };
  }
}

function stands({ act, compensation }: SagaState['steps'][number]): boolean {
  return act.status === 'completed' && compensation.status !== 'completed' && compensation.status !== 'skipped';
}
