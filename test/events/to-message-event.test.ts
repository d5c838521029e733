import { describe, expect, test } from '@jest/globals';
import { concat, lastValueFrom, of, throwError, toArray } from 'rxjs';
import type { SagaEvent } from '../../lib/events/saga-event.js';
import { toMessageEvent } from '../../lib/events/to-message-event.js';

const base = { sagaId: 'o-1', saga: 'OrderSaga', at: new Date(0), progress: { done: 0, total: 1 } };
const started: SagaEvent = { ...base, type: 'saga.started', seq: 1 };
const failed: SagaEvent = {
  ...base,
  type: 'saga.failed',
  seq: 7,
  reason: 'step-failed',
  error: {
    name: 'ConflictException',
    message: 'sold out',
    stack: 'at /srv/app/charge.js:1',
    http: { status: 409, response: { message: 'sold out' } },
    cause: { name: 'Error', message: 'relation "stock"' },
  },
};

describe('toMessageEvent', () => {
  test('names each message by its seq, so that Last-Event-ID resumes behind it', async () => {
    const messages = await lastValueFrom(of(started).pipe(toMessageEvent(), toArray()));
    expect(messages).toEqual([{ id: '1', type: 'saga.started', data: started }]);
  });

  test('ends the stream of a failed saga with saga.failed and no error', async () => {
    const events = concat(
      of(started, failed),
      throwError(() => new Error('sold out')),
    );
    const messages = await lastValueFrom(events.pipe(toMessageEvent(), toArray()));
    expect(messages.map(({ type }) => type)).toEqual(['saga.started', 'saga.failed']);
  });

  test('passes on an error that comes before the end', async () => {
    const events = concat(
      of(started),
      throwError(() => new Error('the storage is gone')),
    );
    await expect(lastValueFrom(events.pipe(toMessageEvent(), toArray()))).rejects.toThrow('the storage is gone');
  });

  test('tells a client the error and its HTTP answer, but neither stack nor cause', async () => {
    const message = await lastValueFrom(of(failed).pipe(toMessageEvent()));
    expect(message.data).toEqual({
      ...failed,
      error: {
        name: 'ConflictException',
        message: 'sold out',
        http: { status: 409, response: { message: 'sold out' } },
      },
    });
  });

  test('keeps apart two subscribers of one stream', async () => {
    const events = concat(
      of(failed),
      throwError(() => new Error('sold out')),
    ).pipe(toMessageEvent(), toArray());
    expect(await lastValueFrom(events)).toHaveLength(1);
    expect(await lastValueFrom(events)).toHaveLength(1);
  });
});
