import {
  Saga,
  SagaDefinition,
  SagaStep,
  type RetriableStepHandler,
  type SagaStepHandler,
  type StepExecution,
  type TransactionalExecution,
} from 'nest-saga';
import type { EntityManager } from 'typeorm';
import { Movement } from './bank.js';
import { Calls } from './calls.js';

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}

/** The transaction is that of the storage's client, a `DataSource`: an `EntityManager`. */
type Execution = TransactionalExecution<EntityManager>;

@SagaStep({ name: 'debit', transactional: true })
export class Debit implements SagaStepHandler<Transfer, void, Execution> {
  constructor(private readonly calls: Calls) {}

  async act({ from, cents }: Transfer, execution: Execution): Promise<void> {
    await this.calls.note(execution);
    await execution.transaction.insert(Movement, { transferId: execution.sagaId, account: from, cents: -cents });
    await this.calls.done(execution);
  }

  async compensate({ from, cents }: Transfer, _result: unknown, { transaction, sagaId }: Execution): Promise<void> {
    await transaction.insert(Movement, { transferId: sagaId, account: from, cents });
  }
}

@SagaStep({ name: 'credit', kind: 'pivot', transactional: true })
export class Credit {
  constructor(private readonly calls: Calls) {}

  async act({ to, cents }: Transfer, execution: Execution): Promise<void> {
    await this.calls.note(execution);
    await execution.transaction.insert(Movement, { transferId: execution.sagaId, account: to, cents });
    await this.calls.done(execution);
  }
}

/** Not transactional: a letter cannot be rolled back, so this one may be sent twice. */
@SagaStep({ name: 'send-receipt', kind: 'retriable' })
export class SendReceipt implements RetriableStepHandler<Transfer> {
  constructor(private readonly calls: Calls) {}

  async act(_transfer: Transfer, execution: StepExecution): Promise<void> {
    await this.calls.note(execution);
    await this.calls.done(execution);
  }
}

@Saga({ name: 'transfer', steps: [Debit, Credit, SendReceipt] })
export class TransferSaga extends SagaDefinition<Transfer> {}
