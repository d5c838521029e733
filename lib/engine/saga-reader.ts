import { concatMap, firstValueFrom, from, filter } from 'rxjs';
import type { SagaRegistry } from '../discovery/saga-registry.js';
import { createPlan } from '../definition/plan.js';
import { SagaInterruptedError } from '../errors/saga-interrupted-error.js';
import { SagaNotFoundError } from '../errors/saga-not-found-error.js';
import { UnreadableSagaError } from '../errors/unreadable-saga-error.js';
import type { LogEntry } from '../storage/log-entry.js';
import type { LoadedSaga, SagaRecord } from '../storage/saga-record.js';
import type { LogFollower } from './log-follower.js';
import { serializationInfoOf, storedSaga } from './runnable-saga.js';
import type { SagaEnvironment } from './saga-environment.js';
import { outcomeOf, settle } from './saga-outcome.js';
import { foldLog } from './rules/fold.js';
import { NEW_SAGA, stateFromSnapshot, type SagaState } from './rules/saga-state.js';
import { viewOf, type SagaView } from './saga-view.js';
import type { TurnedSaga } from './turn-error.js';
import type { Worker } from './worker.js';

/** Reads sagas, whoever runs them. */
export class SagaReader {
  constructor(
    private readonly env: SagaEnvironment,
    private readonly registry: SagaRegistry,
    private readonly worker: Worker,
    private readonly follower: LogFollower,
  ) {}

  /**
   * @throws {SagaNotFoundError}
   * @throws {SagaInterruptedError} when the application closes before the storage has answered.
   */
  async load(id: string): Promise<LoadedSaga> {
    const loaded = await this.env.storage.load(id).catch((error: unknown) => {
      throw this.worker.isClosing ? new SagaInterruptedError(id, 'closing', { cause: error }) : error;
    });
    if (loaded === undefined) throw new SagaNotFoundError(id);
    return loaded;
  }

  /**
   * A saga whose log can be folded.
   *
   * @throws {SagaNotFoundError}
   * @throws {UnreadableSagaError} when its rows cannot be read.
   */
  async loadReadable(id: string): Promise<LoadedSaga> {
    const loaded = await this.load(id);
    if (loaded.unreadable !== undefined) throw new UnreadableSagaError({ sagaId: id, problem: loaded.unreadable });
    return loaded;
  }

  /** As much of the saga as can be read: operators have to see what is wrong with one that cannot be restored. */
  async view<C>(id: string): Promise<SagaView<C>> {
    const { record, ...loaded } = await this.load(id);
    return viewOf(record, stateOf(loaded), this.contextOf(record, loaded) as C);
  }

  /** Waits until the saga rests, and ends as `run()` would. */
  async result(id: string): Promise<object> {
    for (;;) {
      const end = await this.worker.executionOf(id)?.ended;
      // What this worker had to let go of, another one finishes.
      if (end !== undefined && (end.type !== 'interrupted' || this.worker.isClosing)) return settle(end);
      const loaded = await this.loadReadable(id).catch((error: unknown) => {
        throw error instanceof SagaNotFoundError ||
          error instanceof UnreadableSagaError ||
          error instanceof SagaInterruptedError
          ? error
          : new SagaInterruptedError(id, 'storage', { cause: error });
      });
      const { record } = loaded;
      const state = stateOf(loaded);
      if (isAtRest(state)) {
        return settle(
          outcomeOf(
            storedSaga(record, this.registry.get(record.name)),
            { state, context: record.context },
            this.env.serializer,
          ),
        );
      }
      await this.nextRest(id, state.seq);
    }
  }

  /** What the errors of a saga's events need to know of it, even if this application has no such saga. */
  turnedSaga({ id, name }: SagaRecord): TurnedSaga {
    const plan = this.registry.byName(name)?.plan ?? createPlan({ nodes: [], onDefinitionChange: 'hold' });
    return { id, name, plan };
  }

  private contextOf(record: SagaRecord, { unreadable }: Pick<LoadedSaga, 'unreadable'>): unknown {
    const registered = this.registry.byName(record.name);
    if (registered === undefined || unreadable !== undefined) return record.context;
    try {
      return this.env.serializer.restoreContext(record.context, serializationInfoOf(storedSaga(record, registered)));
    } catch {
      return record.context;
    }
  }

  private async nextRest(id: string, after: number): Promise<void> {
    await firstValueFrom(
      this.follower.follow(id, after).pipe(
        concatMap((entries) => from(entries)),
        filter(bringsRest),
      ),
    );
  }
}

function stateOf({ entries, snapshot }: Pick<LoadedSaga, 'entries' | 'snapshot'>): SagaState {
  return foldLog(entries, snapshot === undefined ? NEW_SAGA : stateFromSnapshot(snapshot));
}

/** Whether nobody works on it: it is final, waits for another round, or is parked. */
function isAtRest({ status, held }: SagaState): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'COMPENSATION_FAILED' || held !== undefined;
}

function bringsRest(entry: LogEntry): boolean {
  if (entry.step !== undefined) return false;
  return (
    entry.event === 'completed' ||
    entry.event === 'failed' ||
    entry.event === 'compensation-failed' ||
    entry.event === 'held'
  );
}
