/** What a caller infers from a saga's class. */
import { SagaRunner, toMermaid, type SagaHandle } from '../../lib/index.js';
import { type OrderContext, type Payment, ReserveInventory } from './contexts.js';
import { EmptySaga, PlainObjectSaga, SchemaSaga } from './saga.js';

const order = { orderId: 'o', amount: 1 };

export async function run(runner: SagaRunner): Promise<OrderContext> {
  // @ts-expect-error a caller gives the whole context
  void runner.run(PlainObjectSaga, { orderId: 'o' });
  // @ts-expect-error … of the right types
  void runner.run(SchemaSaga, { orderId: 'o', amount: '1', address: '' });
  // @ts-expect-error … and nothing that the saga does not know
  void runner.run(PlainObjectSaga, { ...order, adress: '' });
  // @ts-expect-error the context is not left out
  void runner.run(PlainObjectSaga);
  // @ts-expect-error only a saga is run
  void runner.run(ReserveInventory, { orderId: 'o' });
  // @ts-expect-error a saga's class is given, not an instance
  void runner.run(new PlainObjectSaga(), order);
  // @ts-expect-error there is no such option
  void runner.run(PlainObjectSaga, order, { sagaId: 'o' });
  // @ts-expect-error what comes back is the saga's context
  const payment: Payment = await runner.run(PlainObjectSaga, order);
  return { ...(await runner.run(PlainObjectSaga, order, { id: 'o' })), paymentId: payment.id };
}

export async function start(runner: SagaRunner): Promise<number> {
  const handle: SagaHandle<SchemaSaga> = await runner.start(SchemaSaga, { ...order, address: 'a' });
  // @ts-expect-error a handle knows whose it is
  const other: SagaHandle<Payment> = handle;
  // @ts-expect-error the context is checked here as it is by run()
  void runner.start(SchemaSaga, order);
  // @ts-expect-error … and by stream()
  runner.stream(SchemaSaga, order).subscribe();
  void runner.start(SchemaSaga, { ...order, address: 'a' }, { transaction: {} });
  // @ts-expect-error run() would wait for a saga that exists only when its caller has committed
  void runner.run(SchemaSaga, { ...order, address: 'a' }, { transaction: {} });
  // @ts-expect-error … and so would stream()
  runner.stream(SchemaSaga, { ...order, address: 'a' }, { transaction: {} }).subscribe();
  const { context } = await handle.record();
  // @ts-expect-error the record's context is the saga's
  const amount: string = context.amount;
  return context.amount + (await handle.result()).amount + other.id.length + amount.length;
}

export async function byId(runner: SagaRunner): Promise<string> {
  const known = await runner.get<PlainObjectSaga>('o');
  const unknown = await runner.get('o');
  const some: object = (await unknown.record()).context;
  // @ts-expect-error of a saga of which nothing is known, the context is some object
  const order: OrderContext = (await unknown.record()).context;
  return (await known.result()).orderId + order.orderId + JSON.stringify(some);
}

export async function cancel(runner: SagaRunner): Promise<void> {
  await runner.cancel('o');
  await runner.cancel('o', 'the customer changed her mind');
  // @ts-expect-error the history knows a reason and who asked
  await runner.cancel('o', { reason: 'the customer changed her mind', who: 'ann' });
  return runner.cancel('o', { reason: 'the customer changed her mind', by: 'ann' });
}

export async function draw(runner: SagaRunner): Promise<string> {
  const handle = await runner.start(EmptySaga, order);
  return toMermaid(EmptySaga, { diagram: 'sequence' }) + toMermaid(await handle.record());
}
