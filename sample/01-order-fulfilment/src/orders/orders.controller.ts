import { Body, Controller, HttpCode, Post, ValidationPipe } from '@nestjs/common';
import { SagaRunner } from 'nest-saga';
import type { OrderContext } from './order-context.js';
import { OrderSaga } from './order.saga.js';
import { PlaceOrder } from './place-order.js';

/** Refuses properties that a customer has no business to set, such as a paymentId. */
const asSent = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });

/** The order's id is the saga's id: an order that is sent twice is fulfilled once. */
@Controller('orders')
export class OrdersController {
  constructor(private readonly sagas: SagaRunner) {}

  /** Answers as soon as the order is durable; it is fulfilled in the background. */
  @Post()
  @HttpCode(202)
  async start(@Body(asSent) order: PlaceOrder): Promise<{ sagaId: string }> {
    const saga = await this.sagas.start(OrderSaga, order, { id: order.orderId });
    return { sagaId: saga.id };
  }

  /** Answers when the order is fulfilled; or, when it is undone, with the error of the step that failed. */
  @Post('run')
  run(@Body(asSent) order: PlaceOrder): Promise<OrderContext> {
    return this.sagas.run(OrderSaga, order, { id: order.orderId });
  }
}
