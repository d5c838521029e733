import { Module } from '@nestjs/common';
import { openDatabase } from '../database.js';
import { Books } from '../services/books.js';
import { InventoryService } from '../services/inventory.service.js';
import { PaymentsService } from '../services/payments.service.js';
import { ShippingService } from '../services/shipping.service.js';
import { OrderSaga } from './order.saga.js';
import { OrdersController } from './orders.controller.js';
import { ChargePayment } from './steps/charge-payment.js';
import { ReserveInventory } from './steps/reserve-inventory.js';
import { ShipOrder } from './steps/ship-order.js';

@Module({
  controllers: [OrdersController],
  providers: [
    OrderSaga,
    ReserveInventory,
    ChargePayment,
    ShipOrder,
    InventoryService,
    PaymentsService,
    ShippingService,
    // A connection of its own: the saga storage needs its connection for itself.
    { provide: Books, useFactory: () => new Books(openDatabase()) },
  ],
})
export class OrdersModule {}
