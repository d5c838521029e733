import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import {
  Body,
  ConflictException,
  Controller,
  Get,
  Headers,
  HttpCode,
  Module,
  Param,
  Post,
  Sse,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsPositive, IsString } from 'class-validator';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom, toArray } from 'rxjs';
import {
  InMemorySagaStorage,
  Saga,
  SagaDefinition,
  SagaModule,
  SagaRunner,
  SagaStep,
  sagaMessages,
  toMessageEvent,
  type SagaStepHandler,
} from '../../lib/index.js';

class Order {
  @IsString() orderId!: string;
  @IsPositive() amount!: number;
}

@SagaStep()
class Reserve implements SagaStepHandler<Order, string> {
  act = (order: Order): string => `r-${order.orderId}`;
  compensate = (): void => undefined;
}

@SagaStep()
class Charge implements SagaStepHandler<Order> {
  act = ({ amount }: Order): void => {
    if (amount > 100) throw new ConflictException({ statusCode: 409, message: 'not enough money', balance: 100 });
  };
  compensate = (): void => undefined;
}

@Saga({ context: Order, steps: [Reserve, Charge] })
class OrderSaga extends SagaDefinition<Order> {}

@Saga({ name: 'Other', steps: [] })
class OtherSaga extends SagaDefinition<object> {}

@Controller('orders')
class OrdersController {
  constructor(private readonly sagas: SagaRunner) {}

  @Post()
  place(@Body() order: Order): Promise<Order> {
    return this.sagas.run(OrderSaga, order, { id: order.orderId });
  }

  @Post('other')
  @HttpCode(200)
  other(@Body() { orderId }: Order): Promise<object> {
    return this.sagas.run(OtherSaga, {}, { id: orderId });
  }

  @Get(':id')
  async show(@Param('id') id: string) {
    const { status, context } = await (await this.sagas.get(id)).record();
    return { status, context };
  }

  @Get(':id/result')
  async result(@Param('id') id: string): Promise<unknown> {
    return (await this.sagas.get(id)).result();
  }

  @Sse(':id/events')
  async events(@Param('id') id: string, @Headers('last-event-id') lastEventId?: string) {
    return sagaMessages(await this.sagas.get(id), lastEventId);
  }
}

@Module({
  imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage() })],
  controllers: [OrdersController],
  providers: [OrderSaga, OtherSaga, Reserve, Charge],
})
class AppModule {}

/** The messages of a stream of Server-Sent Events that has ended. */
function messages(body: string): { id: string; event: string; data: Record<string, unknown> }[] {
  return body
    .split('\n\n')
    .filter((block) => block.includes('data:'))
    .map((block) => {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) as Record<string, unknown> };
    });
}

describe('a Nest HTTP application', () => {
  let app: INestApplication;
  let url: string;

  beforeEach(async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0);
    url = `http://localhost:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
  });
  afterEach(() => app.close());

  async function post(path: string, body: object): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  async function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(`${url}${path}`, { headers });
    return { status: response.status, text: await response.text() };
  }

  it('answers with the final context', async () => {
    expect(await post('/orders', { orderId: 'o-1', amount: 42 })).toEqual({
      status: 201,
      body: { orderId: 'o-1', amount: 42 },
    });
  });

  it("answers with the step's own 409 and body, at once and to whoever asks later", async () => {
    const refused = { statusCode: 409, message: 'not enough money', balance: 100 };
    expect(await post('/orders', { orderId: 'o-2', amount: 420 })).toEqual({ status: 409, body: refused });
    expect(await post('/orders', { orderId: 'o-2', amount: 420 })).toEqual({ status: 409, body: refused });
    const { status, text } = await get('/orders/o-2/result');
    expect({ status, body: JSON.parse(text) as unknown }).toEqual({ status: 409, body: refused });
  });

  it('answers an invalid context with a 400 that names the properties', async () => {
    const { status, body } = await post('/orders', { orderId: 7, amount: -1 });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'SAGA_INVALID_CONTEXT',
      message: [expect.stringContaining('orderId'), expect.stringContaining('amount')],
    });
  });

  it('answers an unknown id with a 404, a stream before any header of it', async () => {
    for (const path of ['/orders/nobody', '/orders/nobody/result', '/orders/nobody/events']) {
      const { status, text } = await get(path);
      expect({ status, body: JSON.parse(text) as unknown }).toMatchObject({
        status: 404,
        body: { code: 'SAGA_NOT_FOUND' },
      });
    }
  });

  it("answers the id of another definition's saga with a 409", async () => {
    await post('/orders', { orderId: 'o-3', amount: 42 });
    expect(await post('/orders/other', { orderId: 'o-3' })).toMatchObject({
      status: 409,
      body: { code: 'SAGA_CONFLICT' },
    });
  });

  it('streams a saga to its last event, and says by 204 that there is no more', async () => {
    await post('/orders', { orderId: 'o-5', amount: 420 });
    const { text } = await get('/orders/o-5/events');
    const events = messages(text);
    expect(events.map(({ event }) => event)).toEqual([
      'saga.started',
      'step.started',
      'step.completed',
      'step.started',
      'step.failed',
      'saga.compensating',
      'step.compensated',
      'saga.failed',
    ]);
    expect(events.at(-1)!.data).toMatchObject({ error: { message: 'not enough money', http: { status: 409 } } });
    expect(text).not.toContain('stack');
    const resumed = await get('/orders/o-5/events', { 'last-event-id': events[4]!.id });
    expect(messages(resumed.text)).toEqual(events.slice(5));
    const { status } = await get('/orders/o-5/events', { 'last-event-id': events.at(-1)!.id });
    expect(status).toBe(204);
  });

  it('turns a stream() into messages that end with saga.failed, without an error behind it', async () => {
    const stream = app.get(SagaRunner).stream(OrderSaga, { orderId: 'o-6', amount: 420 }, { id: 'o-6' });
    const sent = await lastValueFrom(stream.pipe(toMessageEvent(), toArray()));
    expect(sent.at(-1)).toMatchObject({ type: 'saga.failed' });
  });
});
