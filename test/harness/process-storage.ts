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
  /** A transaction of the application's: committed when `work` resolves, rolled back when it rejects. */
  transaction<T>(work: (handle: unknown) => Promise<T>): Promise<T>;
  /** Ends the connections; the storage is closed before. */
  disconnect(): Promise<void>;
}

/** Of each process: the storage needs four of them at most, and the rest is for transactions. */
const CONNECTIONS = 8;

export interface ConnectOptions {
  /** Milliseconds after which a connection that does not answer counts as lost; default: what each storage takes by default. */
  readonly answerTimeout?: number | undefined;
}

/** Connects to a storage as an application does. It is not opened yet. (Of a driver in CommonJS a bundle knows the default export alone.) */
export async function connectTo(
  location: StorageLocation,
  { answerTimeout }: ConnectOptions = {},
): Promise<ProcessStorage> {
  const options = answerTimeout === undefined ? {} : { answerTimeout };
  switch (location.storage) {
    case 'sqlite': {
      const { default: Database } = await import('libsql');
      const { SqliteSagaStorage } = await import('nest-saga/sqlite');
      const client = new Database(location.file);
      const storage = new SqliteSagaStorage({ client });
      return { storage, transaction: noTransaction, disconnect: async () => void client.close() };
    }
    case 'postgres': {
      const { Pool } = await import('pg');
      const { PostgresSagaStorage } = await import('nest-saga/postgres');
      const pool = new Pool({
        ...location.server,
        max: CONNECTIONS,
        options: `-c search_path=${location.schema}`,
        connectionTimeoutMillis: answerTimeout ?? 0,
      });
      // An idle connection that the server has ended is replaced when it is needed.
      pool.on('error', () => undefined);
      const transaction: ProcessStorage['transaction'] = async (work) => {
        const connection = await pool.connect();
        // Its queries fail as well when the server ends it.
        const ignore = (): void => undefined;
        connection.on('error', ignore);
        const end = (error?: Error): void => {
          connection.off('error', ignore);
          connection.release(error);
        };
        return within({ connection, query: (sql) => connection.query(sql), end }, work);
      };
      return {
        storage: new PostgresSagaStorage({ client: pool, ...options }),
        transaction,
        disconnect: () => pool.end(),
      };
    }
    case 'mysql': {
      const { default: mysql } = await import('mysql2/promise');
      const { MysqlSagaStorage } = await import('nest-saga/mysql');
      const pool = mysql.createPool({ ...location.server, connectionLimit: CONNECTIONS });
      const transaction: ProcessStorage['transaction'] = async (work) => {
        const connection = await pool.getConnection();
        const end = (error?: Error) => (error === undefined ? connection.release() : connection.destroy());
        return within({ connection, query: (sql) => connection.query(sql), end }, work);
      };
      return { storage: new MysqlSagaStorage({ client: pool, ...options }), transaction, disconnect: () => pool.end() };
    }
    case 'redis': {
      const { default: redis } = await import('ioredis');
      const { RedisSagaStorage } = await import('nest-saga/redis');
      const client = new redis.Redis(location.url, answerTimeout === undefined ? {} : { socketTimeout: answerTimeout });
      // It connects again by itself.
      client.on('error', () => undefined);
      const storage = new RedisSagaStorage({ client, keyPrefix: location.keyPrefix });
      return { storage, transaction: noTransaction, disconnect: async () => client.disconnect() };
    }
  }
}

interface Lent {
  readonly connection: unknown;
  query(sql: string): Promise<unknown>;
  /** Gives it back to the pool, or, with an error, ends it. */
  end(error?: Error): void;
}

/** A connection on which anything has failed is ended: whatever stands on it is rolled back by the server. */
async function within<T>({ connection, query, end }: Lent, work: (handle: unknown) => Promise<T>): Promise<T> {
  try {
    await query('START TRANSACTION');
    const value = await work(connection);
    await query('COMMIT');
    end();
    return value;
  } catch (error) {
    end(error as Error);
    throw error;
  }
}

function noTransaction(): Promise<never> {
  return Promise.reject(new Error('This storage shares no transactions.'));
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
