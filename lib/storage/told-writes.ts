import { HintSender, type HintSenderOptions } from './hint-sender.js';
import type { OperatorRequest } from './operator-request.js';
import type { RequestResult } from './saga-changes.js';
import type { LoadedSaga } from './saga-record.js';

/** What storages that can tell of writes tell, and under which topic. Each is called once the write is durable. */
export class ToldWrites {
  private readonly sender: HintSender;

  constructor(send: HintSenderOptions['send']) {
    this.sender = new HintSender({ send });
  }

  /** The logs of these sagas have grown. */
  written(sagaIds: readonly string[]): void {
    // An empty list would stand for any saga.
    if (sagaIds.length > 0) this.sender.tell('written', sagaIds);
  }

  /** These sagas were created for whoever takes them. */
  pending(sagaIds: readonly string[]): void {
    if (sagaIds.length > 0) this.sender.tell('wanted', sagaIds);
  }

  /** A claim writes to the log of each saga that it takes. Returns them. */
  claimed(sagas: readonly LoadedSaga[]): readonly LoadedSaga[] {
    this.written(sagas.map(({ record }) => record.id));
    return sagas;
  }

  /** A lease was given up; which sagas went with it, nobody has looked. */
  released(): void {
    this.sender.tell('wanted', []);
  }

  /** Returns what became of the request. */
  requested({ sagaId }: OperatorRequest, result: RequestResult): RequestResult {
    if (result === 'stored') this.sender.tell('wanted', [sagaId]);
    return result;
  }

  /** Sends what is left, within a second or not at all. Never rejects. */
  drain(): Promise<void> {
    return this.sender.drain();
  }
}
