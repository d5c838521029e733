/** The order as a workflow of DBOS, as its guide shows: `dbos.ts <url of a database>`. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { play } from './play.js';

interface Order {
  readonly orderId: string;
  readonly amount: number;
  reservationId?: string;
  paymentId?: string;
  parcelId?: string;
}

const placeOrder = DBOS.registerWorkflow(
  async (order: Order): Promise<Order> => {
    const reservation = await DBOS.runStep(async () => ({ id: 'reservation-1' }), { name: 'reserve-inventory' });
    const payment = await DBOS.runStep(async () => ({ id: 'payment-1' }), { name: 'charge-payment' });
    const parcel = await DBOS.runStep(async () => ({ id: 'parcel-1' }), { name: 'ship-order' });
    return { ...order, reservationId: reservation.id, paymentId: payment.id, parcelId: parcel.id };
  },
  { name: 'place-order' },
);

const [systemDatabaseUrl = ''] = process.argv.slice(2);
DBOS.setConfig({ name: 'bench', applicationVersion: '1', systemDatabaseUrl, logLevel: 'error', runAdminServer: false });
await DBOS.launch();

play(
  async (n) => {
    const handle = await DBOS.startWorkflow(placeOrder, { workflowID: `order-${n}` })({
      orderId: `order-${n}`,
      amount: 42,
    });
    return handle.getResult();
  },
  () => DBOS.shutdown(),
);
