import Database from 'libsql';
import { SqliteSagaStorage } from 'nest-saga/sqlite';
import { createInterface } from 'node:readline';

/** What {@link SqliteProcess} sends, a line each: a method, and the argument of each call. */
export interface StorageCall {
  readonly method: 'create' | 'transition' | 'load' | 'claim' | 'heartbeat' | 'request';
  readonly calls: readonly unknown[];
}

const storage = new SqliteSagaStorage({ client: new Database(process.argv[2] ?? '') });
await storage.open();
process.stdout.write('"ready"\n');

for await (const line of createInterface(process.stdin)) {
  const { method, calls } = JSON.parse(line) as StorageCall;
  const call = storage[method].bind(storage) as (argument: unknown) => Promise<unknown>;
  const results = await Promise.all(calls.map(call));
  process.stdout.write(`${JSON.stringify(results)}\n`);
}
