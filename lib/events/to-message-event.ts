import type { MessageEvent } from '@nestjs/common';
import { catchError, defer, EMPTY, map, throwError, type OperatorFunction } from 'rxjs';
import type { SagaEvent, SagaEventType } from './saga-event.js';

/** Behind one of these, an error only repeats what the client has been told. */
const LAST: readonly SagaEventType[] = ['saga.completed', 'saga.failed', 'saga.compensation-failed'];

/**
 * Turns a saga's events into Nest's messages for Server-Sent Events. The id of a message is the event's `seq`, so that
 * `Last-Event-ID` says where to go on. For the stream of a saga by its id there is {@link sagaMessages}; this is for streams
 * of your own:
 *
 * ```ts
 * @Sse('events')
 * place(@Query() order: OrderContext) {
 *   return this.sagas.stream(OrderSaga, order, { id: order.orderId }).pipe(toMessageEvent());
 * }
 * ```
 *
 * The stream of a saga that failed ends with `saga.failed`: the error behind it completes the stream, as a client that is
 * told of an error would only connect again. Any other error is passed on. Stacks and causes of errors stay in the log:
 * Nest tells no client of them either.
 */
export function toMessageEvent(): OperatorFunction<SagaEvent, MessageEvent> {
  return (events) =>
    defer(() => {
      let ended = false;
      return events.pipe(
        map((event) => {
          ended = LAST.includes(event.type);
          return { id: String(event.seq), type: event.type, data: forClients(event) };
        }),
        catchError((error: unknown) => (ended ? EMPTY : throwError(() => error))),
      );
    });
}

function forClients(event: SagaEvent): object {
  if (!('error' in event) || !event.error) return event;
  const { name, message, code, http } = event.error;
  return {
    ...event,
    error: { name, message, ...(code !== undefined && { code }), ...(http && { http }) },
  };
}
