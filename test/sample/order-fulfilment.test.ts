import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { OrderApp } from './order-app.js';

function order(orderId: string, simulate?: Record<string, unknown>) {
  return { orderId, items: ['book'], amount: 42, address: '1 Nest Lane', ...(simulate && { simulate }) };
}

interface SagaAnswer {
  record: {
    id: string;
    status: string;
    failedStep?: string;
    context: Record<string, unknown>;
    steps: { name: string; state: string; attempts: { act: number; compensate: number } }[];
  };
  history: { seq: number; event: string; step?: string; phase?: string; worker: string }[];
}

describe('the order sample', () => {
  let app: OrderApp;

  beforeAll(async () => {
    app = await OrderApp.start();
  }, 60_000);

  afterAll(() => app.stop());

  async function sagaOf(id: string): Promise<SagaAnswer> {
    return (await app.get(`/sagas/${id}`)).body as unknown as SagaAnswer;
  }

  test('answers an order with 202 and the id of its saga, and fulfils it in the background', async () => {
    const answer = await app.post('/orders', order('start-1'));
    expect(answer).toEqual({ status: 202, body: { sagaId: 'start-1' } });

    const events = await app.events('start-1');
    expect(events.map(({ type, data }) => [type, data['step']])).toEqual([
      ['saga.started', undefined],
      ['step.started', 'reserve-inventory'],
      ['step.completed', 'reserve-inventory'],
      ['step.started', 'charge-payment'],
      ['step.completed', 'charge-payment'],
      ['step.started', 'ship-order'],
      ['step.completed', 'ship-order'],
      ['saga.completed', undefined],
    ]);
  });

  test('answers run with 201 and the final context', async () => {
    const answer = await app.post('/orders/run', order('run-1'));
    expect(answer).toEqual({
      status: 201,
      body: {
        ...order('run-1'),
        reservationId: expect.any(String),
        paymentId: expect.any(String),
        trackingNumber: expect.any(String),
      },
    });
  });

  test.each([
    ['reserve-inventory', 409, 'A book is out of stock.', []],
    ['charge-payment', 402, 'The card was declined.', ['reserve-inventory']],
    ['ship-order', 422, 'Nobody delivers to this address.', ['charge-payment', 'reserve-inventory']],
  ])('answers run with the error of %s, a %i, after the rollback', async (failAt, status, message, undone) => {
    const id = `fail-${failAt}`;
    const answer = await app.post('/orders/run', order(id, { failAt }));
    expect(answer).toEqual({ status, body: expect.objectContaining({ message }) });

    const { record, history } = await sagaOf(id);
    expect(record).toMatchObject({ status: 'FAILED', failedStep: failAt });
    expect(
      history.filter(({ phase, event }) => phase === 'compensate' && event === 'completed').map(({ step }) => step),
    ).toEqual(undone);
  });

  test('fulfils an order once that is sent twice', async () => {
    const first = await app.post('/orders/run', order('twice-1'));
    const second = await app.post('/orders/run', order('twice-1'));
    expect(second).toEqual(first);
    expect((await sagaOf('twice-1')).history.filter(({ event }) => event === 'started')).toHaveLength(3);
  });

  test('names each wrong property of an order in a 400, and stores nothing', async () => {
    const wrong = {
      ...order('wrong-1'),
      items: [],
      amount: -1,
      address: '',
      paymentId: 'mine',
      simulate: { failAt: 'x' },
    };
    for (const path of ['/orders', '/orders/run']) {
      const { status, body } = await app.post(path, wrong);
      expect(status).toBe(400);
      for (const property of ['items', 'amount', 'address', 'paymentId', 'simulate.failAt']) {
        expect(body['message']).toContainEqual(expect.stringContaining(property));
      }
    }
    expect((await app.get('/sagas/wrong-1')).status).toBe(404);
  });

  test('resumes a stream behind the last event that the client has seen', async () => {
    await app.post('/orders', order('resume-1', { failAt: 'ship-order', delayMs: 30 }));
    const seen = await app.events('resume-1', { until: 'step.failed' });
    const rest = await app.events('resume-1', { after: seen.at(-1)!.id });

    expect(rest.map(({ type }) => type)).toEqual([
      'saga.compensating',
      'step.compensated',
      'step.compensated',
      'saga.failed',
    ]);
    expect(await app.events('resume-1')).toEqual([...seen, ...rest]);
  });

  test('tells a client to stop that comes back after the end of a stream', async () => {
    await app.post('/orders/run', order('ended-1'));
    const last = (await app.events('ended-1')).at(-1)!;
    expect((await app.stream('ended-1', last.id)).status).toBe(204);
  });

  test('answers an unknown saga with 404, and before any header of a stream', async () => {
    const stream = await app.stream('nobody');
    expect(stream.status).toBe(404);
    expect(stream.headers.get('content-type')).toContain('application/json');
    expect((await app.get('/sagas/nobody')).status).toBe(404);
    expect((await app.post('/sagas/nobody/cancel')).status).toBe(404);
  });

  test('undoes an order that is cancelled, and refuses to cancel a finished one with 409', async () => {
    await app.post('/orders', order('cancel-1', { delayMs: 200 }));
    await app.events('cancel-1', { until: 'step.started' });
    expect((await app.post('/sagas/cancel-1/cancel', { reason: 'changed my mind' })).status).toBe(202);

    expect((await app.events('cancel-1')).at(-1)).toMatchObject({
      type: 'saga.failed',
      data: { reason: 'cancelled', progress: { done: 0 } },
    });
    const again = await app.post('/sagas/cancel-1/cancel');
    expect(again).toMatchObject({ status: 409, body: { code: 'SAGA_REQUEST_REFUSED' } });
  });

  test('retries a compensation as often as it is told to fail', async () => {
    const simulate = { failAt: 'ship-order', failCompensationAt: 'charge-payment', compensationFailures: 2 };
    await app.post('/orders/run', order('retry-1', simulate));
    const { record } = await sagaOf('retry-1');
    expect(record.status).toBe('FAILED');
    expect(record.steps[1]).toEqual({
      name: 'charge-payment',
      state: 'compensated',
      attempts: { act: 1, compensate: 3 },
    });
  });

  test('keeps an order in sight that cannot be undone, until an operator has settled it', async () => {
    const simulate = { failAt: 'ship-order', failCompensationAt: 'charge-payment' };
    const answer = await app.post('/orders/run', order('stuck-1', simulate));
    expect(answer.status).toBe(422);

    const found = (await app.get('/sagas?status=COMPENSATION_FAILED')).body['items'];
    expect(found).toEqual([expect.objectContaining({ id: 'stuck-1', failedStep: 'ship-order' })]);

    await app.post('/sagas/stuck-1/steps/charge-payment/resolve', { reason: 'paid back in cash' });
    expect((await app.events('stuck-1')).at(-1)?.type).toBe('saga.failed');
    expect((await sagaOf('stuck-1')).record.steps.map(({ state }) => state)).toEqual([
      'compensated',
      'skipped',
      'failed',
    ]);
  });

  test('lists sagas newest first, page by page, by status and by saga', async () => {
    for (const id of ['list-1', 'list-2', 'list-3']) await app.post('/orders/run', order(id));
    const query = '/sagas?status=COMPLETED&saga=order-fulfilment&limit=2&cursor=';
    const first = (await app.get(query)).body as { items: { id: string }[]; next: string };
    const second = (await app.get(query + first.next)).body as { items: { id: string }[] };

    expect([...first.items, ...second.items].map(({ id }) => id).slice(0, 3)).toEqual(['list-3', 'list-2', 'list-1']);
    expect((await app.get('/sagas?saga=another')).body).toEqual({ items: [] });
  });

  test.each(['status=DONE', 'cursor=x', 'limit=many', 'limit=0'])('answers the query %s with 400', async (query) => {
    expect(await app.get(`/sagas?${query}`)).toMatchObject({ status: 400, body: { code: 'SAGA_INVALID_QUERY' } });
  });
});

describe('the order sample, when its process ends', () => {
  const started: OrderApp[] = [];

  async function start(options?: { database: string }): Promise<OrderApp> {
    const app = await OrderApp.start(options);
    started.push(app);
    return app;
  }

  afterEach(() => Promise.all(started.splice(0).map((app) => app.stop('SIGKILL'))));

  test('goes on where it was killed, and streams on where the client had left', async () => {
    const first = await start();
    await first.post('/orders', order('killed-1', { delayMs: 300 }));
    const seen = await first.events('killed-1', { until: 'step.completed' });
    await first.stop('SIGKILL');

    const second = await start(first);
    const rest = await second.events('killed-1', { after: seen.at(-1)!.id });
    expect(rest.filter(({ type }) => type === 'step.completed').map(({ data }) => data['step'])).toEqual([
      'charge-payment',
      'ship-order',
    ]);
    expect(rest.at(-1)?.type).toBe('saga.completed');
  }, 60_000);

  test('ends soon after SIGTERM, with an order under way and a stream open', async () => {
    const app = await start();
    await app.post('/orders', order('open-1', { delayMs: 300 }));
    const stream = await app.stream('open-1');
    const asked = performance.now();
    await app.stop('SIGTERM');
    expect(performance.now() - asked).toBeLessThan(8_000);
    await stream.body?.cancel().catch(() => undefined);
  }, 60_000);
});
