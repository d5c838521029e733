import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteSagaStorage, type SqliteClient } from 'nest-saga/sqlite';
import { NOW } from '../../lib/storage/sqlite/database-clock.js';
import type { HarnessedStorage, StorageHarness } from '../contract/storage-harness.js';
import { freshFile, type OpenedClient, type SqliteDriver } from './sqlite-drivers.js';

/** Storages of the contract suite, each in a file of its own; no test of it cuts the power, so none waits for the disk. */
export function sqliteHarness(driver: SqliteDriver): StorageHarness {
  return { create: () => openHarnessed(driver, freshFile()) };
}

async function openHarnessed(driver: SqliteDriver, file: string): Promise<HarnessedStorage> {
  const opened: { readonly client: OpenedClient; readonly storage: SqliteSagaStorage }[] = [];
  const connect = async () => {
    const client = driver.open(file);
    const storage = new SqliteSagaStorage({ client: onMovedClock(client) });
    await storage.open();
    client.exec('PRAGMA synchronous = OFF');
    opened.push({ client, storage });
    return storage;
  };

  const control = driver.open(file);
  control.exec('PRAGMA busy_timeout = 5000');
  control.exec('PRAGMA synchronous = OFF');
  control.exec('CREATE TABLE test_clock (ahead INTEGER NOT NULL)');
  control.exec('INSERT INTO test_clock VALUES (0)');

  return {
    storage: await connect(),
    peer: connect,
    async advance(ms) {
      control.prepare('UPDATE test_clock SET ahead = ahead + ?').run(ms);
    },
    async corrupt(id, how) {
      const damage = how === 'damaged' ? `entries = substr(entries, 1, length(entries) / 2)` : 'format = 1000';
      control
        .prepare(
          `UPDATE saga_log SET ${damage}
           WHERE saga_id = ? AND version = (SELECT max(version) FROM saga_log WHERE saga_id = ?)`,
        )
        .run(id, id);
    },
    async dispose() {
      for (const { storage, client } of opened) {
        await storage.close();
        client.close();
      }
      control.close();
      rmSync(dirname(file), { recursive: true });
    },
  };
}

/** The clock is an expression in SQL; here one that is ahead of it by what the tests say, for every connection to the file. */
function onMovedClock(client: SqliteClient): SqliteClient {
  return {
    exec: (sql) => client.exec(sql),
    prepare: (sql) => client.prepare(sql.replaceAll(NOW, `(${NOW} + (SELECT ahead FROM test_clock))`)),
  };
}
