import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { times, type StorageUnderTest } from '../contract/storage-under-test.js';
import { sqliteDrivers, type OpenedClient } from '../harness/sqlite-drivers.js';
import { SqliteFile } from '../harness/sqlite-file.js';

/** More than are inserted with one statement, and not a multiple of it. */
const MANY = 40;

describe.each(sqliteDrivers.map((driver) => [driver.name, driver] as const))('batches over %s', (_, driver) => {
  let file: SqliteFile;
  let client: OpenedClient;
  let subject: StorageUnderTest;
  const begun: string[] = [];
  beforeEach(async () => {
    file = new SqliteFile(driver);
    client = file.connect();
    begun.length = 0;
    subject = await file.subject({
      client: {
        exec: (sql) => {
          if (sql.startsWith('BEGIN IMMEDIATE')) begun.push(sql);
          return client.exec(sql);
        },
        prepare: (sql) => client.prepare(sql),
      },
    });
    begun.length = 0;
  });
  afterEach(() => file.dispose());

  const ids = times(MANY, (index) => `saga-${index}`);

  it('make writes that meet durable with one commit', async () => {
    await Promise.all(ids.map((id) => subject.create({ id })));
    expect(begun).toHaveLength(1);
    await Promise.all(ids.map(async (id) => subject.write(id)));
    expect(begun).toHaveLength(2);
    for (const id of ids) expect((await subject.load(id)).record.version).toBe(2);
  });

  it('tell each new saga whether its id was taken', async () => {
    await subject.create({ id: 'saga-3', name: 'Another' });
    await subject.create({ id: 'saga-38' });
    const results = await Promise.all(ids.map((id) => subject.create({ id, context: 'new' })));
    for (const [i, id] of ids.entries()) {
      const taken = { 'saga-3': 'Another', 'saga-38': 'OrderSaga' }[id];
      expect(results[i]).toMatchObject(taken ? { outcome: 'exists', name: taken } : { outcome: 'created' });
      expect((await subject.load(id)).record.context).toEqual(taken ? { orderId: 'o-1' } : 'new');
    }
  });

  it('tell each writer whether it was late, and change nothing for those that were', async () => {
    await Promise.all(ids.map((id) => subject.create({ id })));
    const loaded = await Promise.all(ids.map((id) => subject.load(id)));
    const late = ['saga-0', 'saga-17', 'saga-39'];
    for (const id of late) await subject.write(id, { context: 'theirs' });
    const gone = 'saga-20';
    client.exec(`DELETE FROM saga_log WHERE saga_id = '${gone}'; DELETE FROM saga_heads WHERE id = '${gone}'`);

    const write = { context: 'ours', head: { status: 'COMPENSATING' } } as const;
    const results = await Promise.all(loaded.map((read) => subject.storage.transition(subject.next(read, write))));
    for (const [i, id] of ids.entries()) {
      const refused = late.includes(id) || id === gone;
      expect(results[i]).toMatchObject({ outcome: refused ? 'conflict' : 'written' });
      if (id === gone) continue;
      const { record, entries } = await subject.load(id);
      expect(record).toMatchObject(
        refused
          ? { version: 2, context: 'theirs', status: 'RUNNING' }
          : { version: 2, context: 'ours', status: 'COMPENSATING' },
      );
      expect(entries).toHaveLength(3);
    }
    expect(await subject.storage.load(gone)).toBeUndefined();
  });

  it('let an operator interrupt one saga and no other', async () => {
    await Promise.all(ids.map((id) => subject.create({ id })));
    const loaded = await Promise.all(ids.map((id) => subject.load(id)));
    await subject.request({ sagaId: 'saga-7' });
    const results = await Promise.all(loaded.map((read) => subject.storage.transition(subject.next(read))));
    for (const [i, id] of ids.entries()) {
      expect(results[i]).toMatchObject({ outcome: id === 'saga-7' ? 'requested' : 'written' });
    }
  });
});
