import { SagaNotFoundError, SagaRunner, type SagaHandle } from 'nest-saga';
import { startApplication } from './application.js';
import { dataSource } from './database.js';
import type { Story } from './story.js';
import { TransferSaga } from './transfer.saga.js';

const { transferId, transfer, killedIn } = JSON.parse(process.argv[2] ?? '') as Story;

const database = await dataSource().initialize();
const app = await startApplication(database, killedIn === undefined ? undefined : { transferId, step: killedIn });
await (await findOrStart(app.get(SagaRunner))).result();
await app.close();
await database.destroy();

/** The first worker starts the saga. The second one only waits for it: it finds and recovers what the first has left. */
async function findOrStart(sagas: SagaRunner): Promise<SagaHandle<TransferSaga>> {
  try {
    return await sagas.get<TransferSaga>(transferId);
  } catch (error) {
    if (!(error instanceof SagaNotFoundError)) throw error;
    return sagas.start(TransferSaga, transfer, { id: transferId });
  }
}
