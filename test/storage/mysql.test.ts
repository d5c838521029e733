import { describeSagaStorage } from '../contract/describe-saga-storage.js';
import { mysqlHarness } from '../harness/mysql.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

await whereThereIsMysql('MysqlSagaStorage', () => {
  describeSagaStorage('MysqlSagaStorage', mysqlHarness());
});
