import type { MessageEvent } from '@nestjs/common';
import { firstValueFrom, isEmpty, type Observable } from 'rxjs';
import { StreamEndedError } from '../errors/stream-ended-error.js';
import { toMessageEvent } from '../events/to-message-event.js';
import { isFinal } from '../storage/saga-record.js';
import type { SagaHandle } from './saga-handle.js';

/**
 * A saga as a stream of Server-Sent Events that a client can leave and come back to. Everything that is refused is refused
 * before the stream begins, while there is still an HTTP status to answer with:
 *
 * ```ts
 * @Sse(':id/events')
 * async events(@Param('id') id: string, @Headers('last-event-id') lastEventId?: string) {
 *   return sagaMessages(await this.sagas.get(id), lastEventId); // of an unknown id, get() makes a 404
 * }
 * ```
 *
 * Behind the last event that the client has seen it goes on with the next one; without a `lastEventId`, and with one that
 * this library has not made, it begins with the first. It ends when the saga is final; an `EventSource` then connects once
 * more, and is told by the 204 that there is no more to come.
 *
 * @throws {StreamEndedError} (204) when the saga is final and the client has seen all of it.
 * @throws {SagaNotFoundError} (404) when it has been pruned meanwhile.
 */
export async function sagaMessages<S>(saga: SagaHandle<S>, lastEventId?: string): Promise<Observable<MessageEvent>> {
  const events = saga.watch({ after: seqOf(lastEventId) });
  const { status } = await saga.record();
  if (isFinal(status) && (await firstValueFrom(events.pipe(isEmpty())))) throw new StreamEndedError(saga.id);
  return events.pipe(toMessageEvent());
}

function seqOf(lastEventId = ''): number {
  return /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : 0;
}
