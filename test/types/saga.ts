/** What `@Saga()` takes and refuses. */
import { z } from 'zod';
import { fallback } from '../../lib/definition/fallback.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition, type ContextOf } from '../../lib/definition/saga-definition.js';
import {
  AddressedOrder,
  BookCourier,
  ChargePayment,
  CheckStock,
  PaymentsClient,
  PlaceOrder,
  ReserveInventory,
  ShipOrder,
  type OrderContext,
} from './contexts.js';

const orderSchema = z.object({ orderId: z.string(), amount: z.number(), address: z.string() });
type SchemaOrder = z.infer<typeof orderSchema>;

// Good ones

@Saga({ steps: [ReserveInventory, ChargePayment, PlaceOrder] })
export class PlainObjectSaga extends SagaDefinition<OrderContext> {}

@Saga({ steps: [ReserveInventory, CheckStock, PlaceOrder] })
export class SharedStepsSaga extends SagaDefinition<{ orderId: string; amount: number; extra: Date }> {}

@Saga({ context: AddressedOrder, steps: [CheckStock, ReserveInventory, BookCourier, PlaceOrder, ShipOrder] })
export class ClassContextSaga extends SagaDefinition<AddressedOrder> {}

@Saga({
  context: orderSchema,
  steps: [ReserveInventory, PlaceOrder, ShipOrder],
  name: 'order',
  version: 2,
  deadline: 60_000,
  onDefinitionChange: 'compensate',
  compensation: { retryCount: 5 },
})
export class SchemaSaga extends SagaDefinition<SchemaOrder> {}

@Saga({ steps: [] })
export class EmptySaga extends SagaDefinition<OrderContext> {}

@Saga({ steps: [ReserveInventory] })
export class InjectedSaga extends SagaDefinition<OrderContext> {
  constructor(readonly payments: PaymentsClient) {
    super();
  }
}

@Saga({
  context: AddressedOrder,
  steps: [fallback(ReserveInventory, fallback(BookCourier, CheckStock)), PlaceOrder],
})
export class FallbackSaga extends SagaDefinition<AddressedOrder> {}

// Wrong steps for the context

// @ts-expect-error ChargePayment needs an amount
@Saga({ steps: [ReserveInventory, ChargePayment] })
export class TooLittleContext extends SagaDefinition<{ orderId: string }> {}

// @ts-expect-error the second step asks for another type of the same property
@Saga({ steps: [ReserveInventory, PlaceOrder] })
export class OtherPropertyType extends SagaDefinition<{ orderId: string; amount: string }> {}

class OrderWithoutAddress {
  orderId!: string;
  amount!: number;
}

// @ts-expect-error ShipOrder needs an address
@Saga({ context: OrderWithoutAddress, steps: [ReserveInventory, ShipOrder] })
export class NoAddress extends SagaDefinition<OrderWithoutAddress> {}

// @ts-expect-error the schema knows no paymentId of type number, and ChargePayment none of a number
@Saga({ context: orderSchema.extend({ paymentId: z.number() }), steps: [ChargePayment] })
export class SchemaMismatch extends SagaDefinition<SchemaOrder & { paymentId: number }> {}

// @ts-expect-error a fallback asks for what both of its parts ask for
@Saga({ context: OrderWithoutAddress, steps: [fallback(ReserveInventory, ShipOrder)] })
export class FallbackAsksForMore extends SagaDefinition<OrderWithoutAddress> {}

// @ts-expect-error … however deep it is nested
@Saga({ context: OrderWithoutAddress, steps: [fallback(CheckStock, fallback(ReserveInventory, BookCourier))] })
export class NestedFallbackAsksForMore extends SagaDefinition<OrderWithoutAddress> {}

// @ts-expect-error … without `context`, too
@Saga({ steps: [fallback(CheckStock, fallback(ReserveInventory, BookCourier))] })
export class NestedFallbackWithoutContext extends SagaDefinition<OrderContext> {}

// Wrong decorated classes

// @ts-expect-error the decorated class has another context: less
@Saga({ context: AddressedOrder, steps: [] })
export class LessThanItsContext extends SagaDefinition<OrderWithoutAddress> {}

// @ts-expect-error … or more, which a covariant brand would let through
@Saga({ context: AddressedOrder, steps: [] })
export class MoreThanItsContext extends SagaDefinition<AddressedOrder & { extra: Date }> {}

// @ts-expect-error … or something else than its schema makes
@Saga({ context: orderSchema, steps: [] })
export class OtherThanItsSchema extends SagaDefinition<OrderContext> {}

// @ts-expect-error a saga extends SagaDefinition
@Saga({ steps: [ReserveInventory] })
export class NoDefinition {}

// @ts-expect-error it is a provider, so it cannot be abstract
@Saga({ steps: [ReserveInventory] })
export abstract class AbstractSaga extends SagaDefinition<OrderContext> {}

// Wrong options

// @ts-expect-error a step has an `act`
Saga({ steps: [PaymentsClient] });
// @ts-expect-error a fallback's parts are steps
fallback(ReserveInventory, PaymentsClient);
// @ts-expect-error a policy has `execute(fn)`
fallback(ReserveInventory, CheckStock, { policy: { run: () => undefined } });
// @ts-expect-error `on` answers whether
fallback(ReserveInventory, CheckStock, { on: () => 'yes' });
// @ts-expect-error an instance is no step class
Saga({ steps: [new ReserveInventory()] });
// @ts-expect-error a primitive is no context
Saga({ context: z.string(), steps: [] });
// @ts-expect-error there is no such option
Saga({ context: AddressedOrder, steps: [], deadlin: 5 });
// @ts-expect-error there is no such policy
Saga({ context: AddressedOrder, steps: [], onDefinitionChange: 'ignore' });
// @ts-expect-error a saga has steps
Saga({ context: AddressedOrder });

// What can be inferred

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const contextOfClass: Same<ContextOf<typeof SchemaSaga>, SchemaOrder> = true;
export const contextOfInstance: Same<ContextOf<SchemaSaga>, SchemaOrder> = true;
export const contextOfUnknown: Same<ContextOf<unknown>, object> = true;
export const contextOfAnythingElse: Same<ContextOf<PaymentsClient>, never> = true;
