import { describeSagaStorage } from '../contract/describe-saga-storage.js';
import { postgresHarness } from '../harness/postgres.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

await whereThereIsPostgres('PostgresSagaStorage', () => {
  describeSagaStorage('PostgresSagaStorage', postgresHarness());
});
