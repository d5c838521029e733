import type { MessageEvent } from '@nestjs/common';
import { catchError, defer, EMPTY, map, throwError, type OperatorFunction } from 'rxjs';

/** After these a stream says no more, except how the saga's caller is answered. */
const LAST = ['saga.completed', 'saga.failed', 'saga.compensation-failed'];

/**
 * Turns a saga's events into Nest's messages for Server-Sent Events. The id of a message is the event's `seq`, so that
 * `Last-Event-ID` says where to go on:
 *
 * ```ts
 * @Sse(':id/events')
 * events(@Param('id') id: string, @Headers('last-event-id') last?: string) {
 *   return this.runner.watch(id, { after: Number(last ?? 0) }).pipe(toMessageEvent());
 * }
 * ```
 *
 * The stream of a saga that failed ends with `saga.failed`: the error behind it completes the stream, as a client that is
 * told of an error would only connect again. Any other error is passed on.
 */
export function toMessageEvent<E extends { readonly type: string; readonly seq: number }>(): OperatorFunction<
  E,
  MessageEvent
> {
  return (events) =>
    defer(() => {
      let ended = false;
      return events.pipe(
        map((event) => {
          ended = LAST.includes(event.type);
          return { id: String(event.seq), type: event.type, data: event };
        }),
        catchError((error: unknown) => (ended ? EMPTY : throwError(() => error))),
      );
    });
}
