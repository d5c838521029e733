import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { migrationsFor } from '../../lib/storage/sqlite/migrations.js';
import { sagaTables } from '../../lib/storage/sql/saga-tables.js';
import type { HarnessedStorage, StorageHarness } from '../contract/storage-harness.js';
import { freshFile, type OpenedClient, type SqliteDriver } from './sqlite-drivers.js';

/** Storages of the contract suite, each in a file of its own; no test of it cuts the power, so none waits for the disk. */
export function sqliteHarness(driver: SqliteDriver): StorageHarness {
  return {
    create: () => openHarnessed(driver, freshFile()),
    earlierVersions: migrationsFor(sagaTables('saga_'))
      .slice(0, -1)
      .map(({ version, name }) => ({
        name: `migration ${version} (${name})`,
        open: () => {
          const file = freshFile();
          leaveBehind(driver, file, version);
          return openHarnessed(driver, file);
        },
      })),
  };
}

/** A file as a release left it whose last migration was `version`. */
function leaveBehind(driver: SqliteDriver, file: string, version: number): void {
  const client = driver.open(file);
  client.exec('PRAGMA journal_mode = WAL');
  for (const { sql } of migrationsFor(sagaTables('saga_')).slice(0, version)) client.exec(sql);
  client.exec(OLD_SAGAS);
  client.close();
}

/** The sagas that the contract wants to find, as the first release wrote them. */
const OLD_SAGAS = `
  INSERT INTO saga_heads (id, name, definition_version, status, worker, created_at, updated_at, plan_hash, plan) VALUES
    ('old-running', 'OrderSaga', 1, 'RUNNING', 'worker-old', 1700000000000, 1700000000000, 'hash-1',
      '[{"step":"reserve","kind":"compensatable"},{"step":"charge","kind":"compensatable"}]'),
    ('old-completed', 'OrderSaga', 1, 'COMPLETED', NULL, 1700000000000, 1700000000002, 'hash-1', '[]');
  INSERT INTO saga_log (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context) VALUES
    ('old-running', 1, 1, 'write-1', 'worker-old', 1700000000000, 1, 2,
      '[{"event":"created"},{"event":"started","step":"reserve","phase":"act","attempt":1}]',
      '{"orderId":"o-1","text":"first"}'),
    ('old-completed', 1, 1, 'write-2', 'worker-old', 1700000000000, 1, 2, '[{"event":"created"},{"event":"completed"}]', '{}');
  INSERT INTO saga_log (saga_id, version, format, write_id, worker, at, first_seq, last_seq, entries, context) VALUES
    ('old-running', 2, 1, 'write-3', 'worker-old', 1700000000001, 3, 4,
      '[{"event":"completed","step":"reserve","phase":"act","attempt":1,"result":{"reservation":"r-1"}},' ||
      '{"event":"started","step":"charge","phase":"act","attempt":1}]',
      '{"orderId":"o-1","text":"käse 🧀"}');`;

async function openHarnessed(driver: SqliteDriver, file: string): Promise<HarnessedStorage> {
  const opened: { readonly client: OpenedClient; readonly storage: SqliteSagaStorage }[] = [];
  const connect = async () => {
    const client = driver.open(file);
    const storage = new SqliteSagaStorage({ client });
    await storage.open();
    client.exec('PRAGMA synchronous = OFF');
    opened.push({ client, storage });
    return storage;
  };

  const control = driver.open(file);
  control.exec('PRAGMA busy_timeout = 5000');
  control.exec('PRAGMA synchronous = OFF');

  return {
    storage: await connect(),
    peer: connect,
    async advance(ms) {
      control.exec(`
        BEGIN IMMEDIATE;
        UPDATE saga_heads SET created_at = created_at - ${ms}, updated_at = updated_at - ${ms}, due_at = due_at - ${ms};
        UPDATE saga_log SET at = at - ${ms};
        UPDATE saga_workers SET expires_at = expires_at - ${ms};
        COMMIT`);
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
