import type { SagaStorage } from 'nest-saga';
import type { ConnectionOptions } from 'mysql2';
import type { ClientConfig } from 'pg';

/** Where a process finds the storage that it shares with others; it survives JSON. */
export type StorageLocation =
  | { readonly storage: 'sqlite'; readonly file: string }
  | { readonly storage: 'postgres'; readonly server: ClientConfig; readonly schema: string }
  | { readonly storage: 'mysql'; readonly server: ConnectionOptions }
  | { readonly storage: 'redis'; readonly url: string; readonly keyPrefix: string };

export type StorageName = StorageLocation['storage'];

/** A storage with the connections of this process. */
export interface ProcessStorage {
  readonly storage: SagaStorage;
  /** Ends the connections; the storage is closed before. */
  disconnect(): Promise<void>;
}

/** Connects to a storage as an application does. It is not opened yet. */
export async function connectTo(location: StorageLocation): Promise<ProcessStorage> {
  switch (location.storage) {
    case 'sqlite': {
      const { default: Database } = await import('libsql');
      const { SqliteSagaStorage } = await import('nest-saga/sqlite');
      const client = new Database(location.file);
      return { storage: new SqliteSagaStorage({ client }), disconnect: async () => void client.close() };
    }
    case 'postgres': {
      const { Pool } = await import('pg');
      const { PostgresSagaStorage } = await import('nest-saga/postgres');
      const pool = new Pool({ ...location.server, max: 5, options: `-c search_path=${location.schema}` });
      // An idle connection that the server has ended is replaced when it is needed.
      pool.on('error', () => undefined);
      return { storage: new PostgresSagaStorage({ client: pool }), disconnect: () => pool.end() };
    }
    case 'mysql': {
      const { createPool } = await import('mysql2/promise');
      const { MysqlSagaStorage } = await import('nest-saga/mysql');
      const pool = createPool({ ...location.server, connectionLimit: 5 });
      return { storage: new MysqlSagaStorage({ client: pool }), disconnect: () => pool.end() };
    }
    case 'redis': {
      const { Redis } = await import('ioredis');
      const { RedisSagaStorage } = await import('nest-saga/redis');
      const client = new Redis(location.url);
      // It connects again by itself.
      client.on('error', () => undefined);
      const storage = new RedisSagaStorage({ client, keyPrefix: location.keyPrefix });
      return { storage, disconnect: async () => client.disconnect() };
    }
  }
}

/** Where the server of a storage listens; `undefined` where there is none. */
export function addressOf(location: StorageLocation): { readonly host: string; readonly port: number } | undefined {
  switch (location.storage) {
    case 'sqlite':
      return undefined;
    case 'postgres':
    case 'mysql':
      return { host: location.server.host ?? '127.0.0.1', port: location.server.port ?? 0 };
    case 'redis': {
      const { hostname, port } = new URL(location.url);
      return { host: hostname, port: Number(port || 6379) };
    }
  }
}

/** The same storage by way of another port of this machine. */
export function reachedBy(location: StorageLocation, port: number): StorageLocation {
  switch (location.storage) {
    case 'sqlite':
      return location;
    case 'postgres':
      return { ...location, server: { ...location.server, host: '127.0.0.1', port } };
    case 'mysql':
      return { ...location, server: { ...location.server, host: '127.0.0.1', port } };
    case 'redis': {
      const url = new URL(location.url);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return { ...location, url: url.href };
    }
  }
}
