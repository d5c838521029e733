import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { StorageTransaction } from 'nest-saga';
import { createPool, type PoolConnection } from 'mysql2/promise';
import { MysqlSagaStorage } from 'nest-saga/mysql';
import { useStorage } from '../contract/storage-under-test.js';
import { mysqlHarness } from '../harness/mysql.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';

await whereThereIsMysql('Transactions that a step shares with MysqlSagaStorage', () => {
  const subject = useStorage(mysqlHarness());
  let other: MysqlDatabase;
  beforeAll(async () => {
    other = await MysqlDatabase.create();
    await other.query('CREATE TABLE pair (id INT PRIMARY KEY, n INT) ENGINE = InnoDB');
    await other.query('INSERT INTO pair VALUES (1, 0), (2, 0)');
  });
  afterAll(() => other.drop());

  const connectionOf = ({ handle }: StorageTransaction) => handle as PoolConnection;
  const statement = (sql: string) => ({ sql, values: [] });

  it.each([
    ['COMMIT', ['COMMIT']],
    ['COMMIT, and a transaction of its own', ['COMMIT', 'START TRANSACTION']],
    ['COMMIT AND CHAIN', ['COMMIT AND CHAIN']],
    ['ROLLBACK', ['ROLLBACK']],
    ['a statement that commits by itself', ['CREATE TABLE IF NOT EXISTS test_made (id INT)']],
    ['BEGIN, which commits what was before', ['BEGIN']],
  ])('writes no row when the step has ended the transaction by %s', async (_, statements) => {
    await subject.create();
    const read = await subject.load();
    const writing = subject.storage.transaction(async (transaction) => {
      await subject.application.note(transaction.handle, 'mine');
      for (const sql of statements) await connectionOf(transaction).query(statement(sql));
      return transaction.transition(subject.next(read));
    });
    await expect(writing).rejects.toMatchObject({ code: 'SAGA_TRANSACTION_BROKEN', mayStand: true });
    expect((await subject.load()).record.version).toBe(1);
  });

  it('writes no row when the step went on after a deadlock, by which the server had rolled back everything', async () => {
    await subject.create();
    const read = await subject.load();
    const peer = await other.pool({ connectionLimit: 1 }).getConnection();
    await peer.query('SET innodb_lock_wait_timeout = 10');
    await peer.beginTransaction();
    // Whoever has changed less is the victim.
    for (let i = 0; i < 5; i++) await peer.query(`INSERT INTO pair VALUES (${10 + i}, 0)`);
    await peer.query('UPDATE pair SET n = n + 1 WHERE id = 1');
    const writing = subject.storage.transaction(async (transaction) => {
      const connection = connectionOf(transaction);
      await connection.query(statement(`UPDATE ${other.name}.pair SET n = n + 1 WHERE id = 2`));
      const waiting = peer.query('UPDATE pair SET n = n + 1 WHERE id = 2');
      const lost = connection.query(statement(`UPDATE ${other.name}.pair SET n = n + 1 WHERE id = 1`));
      await expect(lost).rejects.toMatchObject({ errno: 1213 });
      await waiting;
      return transaction.transition(subject.next(read));
    });
    await expect(writing).rejects.toMatchObject({ code: 'SAGA_TRANSACTION_BROKEN', mayStand: true });
    await peer.rollback();
    peer.release();
    expect((await subject.load()).record.version).toBe(1);
  });

  it("does not run again for a key of the application's that is there already", async () => {
    let runs = 0;
    const work = async (transaction: StorageTransaction) => {
      runs++;
      await connectionOf(transaction).query(statement(`INSERT INTO ${other.name}.pair VALUES (1, 0)`));
    };
    await expect(subject.storage.transaction(work)).rejects.toMatchObject({ errno: 1062 });
    expect(runs).toBe(1);
  });

  it('starts a saga at REPEATABLE READ beside another that has taken the id since', async () => {
    const connection = await other.pool({ connectionLimit: 1 }).getConnection();
    const storage = other.storage();
    await storage.open();
    await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    await storage.create(subject.newSaga({ id: 'taken' }));
    const created = await storage.createWithin(
      connection,
      subject.newSaga({ id: 'taken', name: 'Other', status: 'PENDING', worker: undefined }),
    );
    expect(created).toMatchObject({ outcome: 'exists', name: 'OrderSaga' });
    await connection.commit();
    connection.release();
  });

  it('refuses transactional steps where the pool is too small for them', async () => {
    const client = createPool({ connectionLimit: 3 });
    expect(new MysqlSagaStorage({ client }).capabilities).toEqual({
      transactions: true,
      transactionsRefused: expect.stringContaining('at least 4 (`connectionLimit` of a pool'),
    });
    await client.end();
  });
});
