import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConflictException, type HttpException } from '@nestjs/common';
import { lastValueFrom, toArray } from 'rxjs';
import { StreamEndedError, sagaMessages } from '../../lib/index.js';
import { Effects, saga, startApplication, step, type Application, type SagaType } from './application.js';

describe('sagaMessages', () => {
  let app: Application;
  let failing: SagaType;

  beforeEach(async () => {
    const effects = new Effects();
    failing = saga('Failing', [
      step(effects, 'reserve'),
      step(effects, 'charge', {
        act: () => {
          throw new ConflictException('declined');
        },
      }),
    ]);
    app = await startApplication([failing]);
  });

  afterEach(() => app.close());

  async function messages(lastEventId?: string) {
    const handle = await app.runner.start(failing, {}, { id: 'o-1' });
    const stream = await sagaMessages(handle, lastEventId);
    return lastValueFrom(stream.pipe(toArray()));
  }

  test('streams a saga from its first event to its last, and completes though the saga failed', async () => {
    const types = (await messages()).map(({ type }) => type);
    expect(types[0]).toBe('saga.started');
    expect(types.at(-1)).toBe('saga.failed');
  });

  test('goes on behind the last event that the client has seen', async () => {
    const all = await messages();
    const rest = await messages(all[2]?.id);
    expect(rest).toEqual(all.slice(3));
  });

  test.each(['', 'abc', '-1', '1.5', '99999999999999999999'])(
    'begins anew behind the id %p, which it never gave',
    async (id) => {
      expect(await messages(id)).toEqual(await messages());
    },
  );

  test('refuses, with 204, a client that has seen the end', async () => {
    const last = (await messages()).at(-1)?.id;
    const error: unknown = await messages(last).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(StreamEndedError);
    expect((error as HttpException).getStatus()).toBe(204);
  });
});
