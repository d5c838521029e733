/** What transactional steps get, and who gets none. Every `@ts-expect-error` is a promise. */
import type { EntityManager, DataSource } from 'typeorm';
import type { Pool, PoolClient } from 'pg';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import type { SagaStepHandler, TransactionalExecution } from '../../lib/definition/step-handler.js';
import type { InMemorySagaStorage } from '../../lib/storage/memory/in-memory-saga-storage.js';
import { PostgresSagaStorage } from '../../lib/storage/postgres/index.js';
import type { TransactionOf } from '../../lib/storage/saga-storage.js';
import type { OrderContext, Payment } from './contexts.js';

type Local = TransactionalExecution<PoolClient>;

@SagaStep({ transactional: true })
export class Reserve implements SagaStepHandler<OrderContext, Payment, Local> {
  async act(_order: OrderContext, { transaction }: Local): Promise<Payment> {
    await transaction.query('SELECT 1');
    return { id: 'p' };
  }
  async compensate(_order: OrderContext, _payment: Payment | undefined, { transaction }: Local): Promise<void> {
    await transaction.query('SELECT 1');
  }
}

@SagaStep({ kind: 'pivot', transactional: true })
export class Book {
  act(_order: OrderContext, execution: Local): Promise<unknown> {
    return execution.transaction.query('SELECT 1');
  }
}

@SagaStep({ kind: 'retriable', transactional: true })
export class NeedsNone {
  act(_order: OrderContext): void {}
}

@Saga({ steps: [Reserve, Book, NeedsNone] })
export class Order extends SagaDefinition<OrderContext> {}

// @ts-expect-error without `transactional` there is no transaction
@SagaStep()
export class NoTransaction {
  act(_order: OrderContext, _execution: Local): void {}
  compensate(_order: OrderContext): void {}
}

// @ts-expect-error nor to undo it
@SagaStep({ transactional: false })
export class NoTransactionToUndo {
  act(_order: OrderContext): void {}
  compensate(_order: OrderContext, _result: undefined, _execution: Local): void {}
}

// @ts-expect-error nor for a pivot
@SagaStep({ kind: 'pivot' })
export class PivotWithoutTransaction {
  act(_order: OrderContext, _execution: Local): void {}
}

// @ts-expect-error what changes nothing has nothing to commit
@SagaStep({ kind: 'readonly', transactional: true })
export class ReadsLocally {
  act(_order: OrderContext): void {}
}

declare const pool: Pool;
declare const dataSource: DataSource;
const onPool = new PostgresSagaStorage({ client: pool });
const onTypeOrm = new PostgresSagaStorage({ client: dataSource });

type Equal<A, B> = [A, B] extends [B, A] ? true : never;

export const handles: readonly true[] = [
  true satisfies Equal<TransactionOf<typeof onPool>, PoolClient>,
  true satisfies Equal<TransactionOf<typeof onTypeOrm>, EntityManager>,
  true satisfies Equal<TransactionOf<PostgresSagaStorage<Pool>>, PoolClient>,
];

// @ts-expect-error a storage in memory hands out nothing that can be used
export const nothing: TransactionOf<InMemorySagaStorage> = {} as PoolClient;
