import { SagaNotFoundError, SagaRunner, type SagaHandle } from 'nest-saga';
import type { DataSource } from 'typeorm';
import { startApplication } from './application.js';
import { Movement, TransferOrder } from './bank.js';
import { TransferSaga, type Transfer } from './transfer.saga.js';

const ORDER: Transfer = { from: 'carol', to: 'dave', cents: 300 };

/** Orders a transfer: the application's row and the saga are one commit, or nothing. */
async function order(
  { database, sagas }: { readonly database: DataSource; readonly sagas: SagaRunner },
  { id, isRefused }: { readonly id: string; readonly isRefused: boolean },
): Promise<SagaHandle<TransferSaga>> {
  return database.transaction(async (transaction) => {
    await transaction.insert(TransferOrder, { id, cents: ORDER.cents });
    const handle = await sagas.start(TransferSaga, ORDER, { id, transaction });
    if (isRefused) throw new Error('The application thinks better of it.');
    return handle;
  });
}

/** Orders two transfers, and rolls one of them back. Tells whether exactly the other one has happened. */
export async function orderInTransactions(database: DataSource): Promise<boolean> {
  const app = await startApplication(database);
  const sagas = app.get(SagaRunner);
  try {
    await order({ database, sagas }, { id: 'transfer-3', isRefused: true }).catch(() => undefined);
    const handle = await order({ database, sagas }, { id: 'transfer-4', isRefused: false });
    await handle.result();

    console.log('\nA saga in the transaction of the application\n');
    const refused = await found('transfer-3');
    const accepted = await found('transfer-4');
    console.log(`  rolled back    ${refused}`);
    console.log(`  committed      ${accepted}`);
    return refused === 'no order, no saga, 0 movements' && accepted === 'an order, a saga, 2 movements';
  } finally {
    await app.close();
  }

  async function found(id: string): Promise<string> {
    const isOrdered = await database.manager.existsBy(TransferOrder, { id });
    const hasSaga = await sagas.get(id).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SagaNotFoundError) return false;
        throw error;
      },
    );
    const movements = await database.manager.countBy(Movement, { transferId: id });
    return `${isOrdered ? 'an' : 'no'} order, ${hasSaga ? 'a' : 'no'} saga, ${movements} movements`;
  }
}
