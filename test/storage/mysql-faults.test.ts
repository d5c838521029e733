import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PoolConnection } from 'mysql2/promise';
import type { StorageUnderTest } from '../contract/storage-under-test.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

await whereThereIsMysql('MysqlSagaStorage in adversity', () => {
  let database: MysqlDatabase;
  let subject: StorageUnderTest;
  beforeAll(async () => {
    database = await MysqlDatabase.create();
    subject = await database.subject();
  });
  afterAll(() => database.drop());

  describe('a connection that an operator kills in the middle of a shared transaction', () => {
    it('is told as a storage that is away, nothing of it is committed, and the next one works', async () => {
      await subject.create({ id: 'killed' });
      const writing = subject.storage.transaction(async ({ handle, transition }) => {
        const connection = handle as PoolConnection;
        await database.query(`KILL ${connection.threadId}`);
        return transition(subject.next(await subject.load('killed')));
      });
      await expect(writing).rejects.toMatchObject({ code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed' });
      expect((await subject.load('killed')).record.version).toBe(1);
      expect(await subject.write('killed')).toMatchObject({ outcome: 'written' });
    });
  });

  describe('a value larger than max_allowed_packet', () => {
    it('fails alone, whatever shares its batch', async () => {
      const [server] = await database.query<{ packet: number }>('SELECT @@max_allowed_packet AS packet');
      const context = { text: 'x'.repeat(server?.packet ?? NaN) };
      const results = await Promise.allSettled([
        subject.create({ id: 'fits-1' }),
        subject.create({ id: 'fits-2', context }),
        subject.create({ id: 'fits-3' }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(results[1]).toMatchObject({ reason: { code: 'SAGA_STORAGE_REJECTED' } });
    });
  });
});
