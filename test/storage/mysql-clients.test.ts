import { describe, expect, it } from '@jest/globals';
import { MysqlSagaStorage } from 'nest-saga/mysql';
import { CONNECTIONS } from '../harness/client-library.js';
import { CLIENT_LIBRARIES } from '../harness/mysql-clients.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';
import { describeOnClient } from './describe-on-client.js';

await whereThereIsMysql('MysqlSagaStorage on the clients of other libraries', () => {
  describe.each(CLIENT_LIBRARIES)('MysqlSagaStorage on $name', (library) => {
    const file = describeOnClient({
      library,
      collision: `SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213`,
      openPlace: () => MysqlDatabase.create(),
      storageOn: (client) => new MysqlSagaStorage({ client, poolSize: CONNECTIONS }),
      peerOn: (database) => database.storage(),
      async makeOlder(database, ms) {
        const earlier = (column: string) => `${column} = ${column} - ${ms}`;
        await database.query(`UPDATE saga_workers SET ${earlier('expires_at')}`);
        await database.query(`UPDATE saga_log SET ${earlier('at')}`);
        await database.query(`UPDATE saga_heads SET ${['due_at', 'created_at', 'updated_at'].map(earlier).join(', ')}`);
      },
      async corrupt(database, id, damage) {
        await database.query(`UPDATE saga_log SET ${damage} WHERE saga_id = ? ORDER BY version DESC LIMIT 1`, [id]);
      },
    });

    it('keeps to the database and the prefix that are asked for', async () => {
      const { connected } = file();
      const other = await MysqlDatabase.create();
      try {
        const storage = new MysqlSagaStorage({ client: connected.client, database: other.name, tablePrefix: 'shop_' });
        await storage.open();
        await storage.close();
        expect(await connected.query(`SELECT id FROM ${other.name}.shop_heads`)).toEqual([]);
      } finally {
        await other.drop();
      }
    });
  });
});
