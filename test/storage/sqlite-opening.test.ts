import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteSagaStorage, type SqliteStorageOptions } from 'nest-saga/sqlite';
import { sqliteDrivers, type OpenedClient } from '../harness/sqlite-drivers.js';
import { SqliteFile } from '../harness/sqlite-file.js';

describe.each(sqliteDrivers.map((driver) => [driver.name, driver] as const))('opening over %s', (_, driver) => {
  let file: SqliteFile;
  beforeEach(() => {
    file = new SqliteFile(driver);
  });
  afterEach(() => file.dispose());

  function tablesOf(client: OpenedClient): string[] {
    const rows = client.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).all();
    return rows.map((row) => (row as { name: string }).name).filter((name) => !name.startsWith('sqlite_'));
  }

  it('makes commits survive a power failure', async () => {
    const client = file.connect();
    await file.storage({ client }).open();
    expect(client.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    expect(client.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
  });

  it('leaves that to whoever asks for less', async () => {
    const client = file.connect();
    await file.storage({ client, synchronous: 'NORMAL' }).open();
    expect(client.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 1 });
  });

  it('keeps the wait inside the driver short, whatever the busy timeout is', async () => {
    const client = file.connect();
    await file.storage({ client, busyTimeout: 60_000 }).open();
    expect(client.prepare('PRAGMA busy_timeout').get()).toMatchObject({ timeout: 50 });
  });

  it('works in memory', async () => {
    const client = driver.open(':memory:');
    const storage = new SqliteSagaStorage({ client });
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
    await storage.close();
    client.close();
  });

  it('lets several processes open a new file at once', async () => {
    const storages = Array.from({ length: 8 }, () => file.storage());
    await Promise.all(storages.map((storage) => storage.open()));
    for (const storage of storages) expect(await storage.load('none')).toBeUndefined();
  });

  it('runs each migration once', async () => {
    await Promise.all([file.storage().open(), file.storage().open()]);
    await file.storage().open();
    const applied = file.connect().prepare('SELECT version, name FROM saga_migrations').all();
    expect(applied.map((row) => ({ ...(row as object) }))).toMatchObject([
      { version: 1, name: 'sagas' },
      { version: 2, name: 'lone-writes' },
      { version: 3, name: 'missing-handlers' },
      { version: 4, name: 'listed-by-name' },
    ]);
  });

  it('refuses a database that a newer release has migrated, and changes nothing', async () => {
    await file.storage().open();
    const client = file.connect();
    client.exec(`INSERT INTO saga_migrations VALUES (1000, 'later', 0)`);
    for (const migrate of [true, false]) {
      await expect(file.storage({ migrate }).open()).rejects.toMatchObject({
        code: 'SAGA_STORAGE_VERSION',
        found: 1000,
        message: expect.stringContaining('at migration 1000'),
      });
    }
  });

  it('with `migrate: false`, says which migrations are missing and creates no table', async () => {
    const client = file.connect();
    await expect(file.storage({ client, migrate: false }).open()).rejects.toMatchObject({
      code: 'SAGA_STORAGE_NOT_MIGRATED',
      missing: [1, 2, 3, 4],
    });
    expect(tablesOf(client)).toEqual([]);
  });

  it('prints migrations that another tool can run', async () => {
    const client = file.connect();
    const storage = file.storage({ client, migrate: false });
    for (const { sql } of storage.migrations()) client.exec(`BEGIN; ${sql} COMMIT;`);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
  });

  it('puts tables under the prefix that it is given, beside others', async () => {
    const client = file.connect();
    client.exec('CREATE TABLE orders (id TEXT)');
    await file.storage({ client, tablePrefix: 'shop_' }).open();
    expect(tablesOf(client)).toEqual([
      'orders',
      'shop_heads',
      'shop_log',
      'shop_migrations',
      'shop_requests',
      'shop_workers',
    ]);
  });

  it('keeps sagas under different prefixes apart', async () => {
    const one = await file.subject({ tablePrefix: 'one_' });
    const two = await file.subject({ tablePrefix: 'two_' });
    await one.create();
    expect(await two.storage.load('saga-1')).toBeUndefined();
  });

  it('refuses to work before it is open and after it is closed', async () => {
    const storage = file.storage();
    const closed = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'closed' };
    await expect(storage.load('none')).rejects.toMatchObject(closed);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
    await storage.close();
    await expect(storage.load('none')).rejects.toMatchObject(closed);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
  });

  it('writes what is queued before it closes, and leaves the client open', async () => {
    const client = file.connect();
    const subject = await file.subject({ client });
    const created = [1, 2, 3].map((number) => subject.create({ id: `saga-${number}` }));
    await subject.storage.close();
    expect(client.prepare('SELECT count(*) AS sagas FROM saga_heads').get()).toMatchObject({ sagas: 3 });
    expect((await Promise.all(created)).map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created']);
  });

  it.each<[string, Partial<Record<keyof SqliteStorageOptions, unknown>>]>([
    ['client', { client: undefined }],
    ['client', { client: {} }],
    ['tablePrefix', { tablePrefix: '' }],
    ['tablePrefix', { tablePrefix: 'saga; DROP TABLE orders; --' }],
    ['tablePrefix', { tablePrefix: '1saga' }],
    ['tablePrefix', { tablePrefix: 'sqlite_' }],
    ['busyTimeout', { busyTimeout: -1 }],
    ['busyTimeout', { busyTimeout: NaN }],
    ['synchronous', { synchronous: 'OFF; DROP TABLE orders' }],
    ['migrate', { migrate: 'no' }],
  ])('refuses a wrong %s: %j', (name, options) => {
    const client = file.connect();
    expect(() => new SqliteSagaStorage({ client, ...options } as SqliteStorageOptions)).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(`SqliteSagaStorage: \`${name}\``)],
      }),
    );
  });
});
