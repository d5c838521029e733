import { randomUUID } from 'node:crypto';
import { concatMap, filter, firstValueFrom, from } from 'rxjs';
import { RequestRefusedError } from '../errors/request-refused-error.js';
import { SagaNotFoundError } from '../errors/saga-not-found-error.js';
import type { LogEntry } from '../storage/log-entry.js';
import type { OperatorRequest } from '../storage/operator-request.js';
import type { LogFollower } from './log-follower.js';
import type { Recovery } from './recovery.js';
import type { SagaEnvironment } from './saga-environment.js';
import type { Worker } from './worker.js';

/**
 * Where operators' requests go in. They are stored beside the saga and never fight its worker: whoever owns the saga answers with
 * its next write; where nobody does, a claim is made to answer.
 */
export class OperatorDesk {
  constructor(
    private readonly env: SagaEnvironment,
    private readonly worker: Worker,
    private readonly recovery: Recovery,
    private readonly follower: LogFollower,
  ) {}

  /**
   * Resolves when the saga's log answers.
   *
   * @throws {SagaNotFoundError}
   * @throws {RequestRefusedError} when it comes too late or does not fit.
   */
  async ask(asked: Omit<OperatorRequest, 'id'>): Promise<void> {
    const { sagaId, type } = asked;
    const request: OperatorRequest = { ...asked, id: randomUUID() };
    const loaded = await this.env.storage.load(sagaId);
    if (loaded === undefined) throw new SagaNotFoundError(sagaId);
    switch (await this.env.storage.request(request)) {
      case 'unknown-saga':
        throw new SagaNotFoundError(sagaId);
      case 'final':
        throw new RequestRefusedError({ sagaId, type, why: 'it is finished' });
      case 'stored':
        await this.tellOwner(sagaId);
    }
    // Only what comes behind the request is read: what stands before may be long, or damaged.
    const answer = await this.answerTo(request, loaded.record.seq);
    if (answer.event === 'refused') throw new RequestRefusedError({ sagaId, type, why: answer.why });
  }

  private async tellOwner(sagaId: string): Promise<void> {
    const execution = this.worker.executionOf(sagaId);
    if (execution === undefined) await this.recovery.serve(sagaId);
    else execution.heed();
  }

  private answerTo({ id, sagaId }: OperatorRequest, after: number): Promise<LogEntry> {
    const isAnswer = (entry: LogEntry): boolean => 'request' in entry && entry.request === id;
    return firstValueFrom(
      this.follower.follow(sagaId, after).pipe(
        concatMap((entries) => from(entries)),
        filter(isAnswer),
      ),
    );
  }
}
