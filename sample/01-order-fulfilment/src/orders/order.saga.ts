import { UseInterceptors } from '@nestjs/common';
import { Saga, SagaDefinition } from 'nest-saga';
import { SimulationInterceptor } from '../simulation/simulation.interceptor.js';
import { OrderContext } from './order-context.js';
import { ChargePayment } from './steps/charge-payment.js';
import { ReserveInventory } from './steps/reserve-inventory.js';
import { ShipOrder } from './steps/ship-order.js';

@Saga({ name: 'order-fulfilment', context: OrderContext, steps: [ReserveInventory, ChargePayment, ShipOrder] })
@UseInterceptors(SimulationInterceptor)
export class OrderSaga extends SagaDefinition<OrderContext> {}
