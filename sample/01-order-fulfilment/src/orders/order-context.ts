import { PlaceOrder } from './place-order.js';

/** The saga's context: the order, and what the steps add to it. */
export class OrderContext extends PlaceOrder {
  reservationId?: string;
  paymentId?: string;
  trackingNumber?: string;
}
