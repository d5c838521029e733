import { setTimeout } from 'node:timers/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { FaultyProxy } from '../harness/faulty-proxy.js';
import { OwnMariadb } from '../harness/own-mariadb.js';
import { OwnPostgres } from '../harness/own-postgres.js';
import { OwnRedisServer } from '../harness/redis-own-server.js';
import type { StorageLocation, StorageName } from '../harness/process-storage.js';
import type { Random } from './random.js';

/** Something that befalls the database, or the way to it, and is over when this resolves. */
export interface ServerFault {
  readonly name: string;
  /** How often, compared to the others. */
  readonly weight: number;
  happen(random: Random): Promise<void>;
}

/** A database that a run of chaos has for itself. */
export interface ChaosServer {
  /** As the workers reach it: through everything that may fail. */
  readonly location: StorageLocation;
  /** As the judge reaches it. */
  readonly direct: StorageLocation;
  readonly faults: readonly ServerFault[];
  stop(): Promise<void>;
}

/** How chaos gets a database of each kind, and what it does to it. */
export const CHAOS_SERVERS: Readonly<Record<StorageName, () => Promise<ChaosServer>>> = {
  sqlite,
  postgres,
  mysql,
  redis,
};

async function sqlite(): Promise<ChaosServer> {
  const folder = mkdtempSync(join(tmpdir(), 'nest-saga-chaos-'));
  const location: StorageLocation = { storage: 'sqlite', file: join(folder, 'sagas.db') };
  const locked: ServerFault = {
    name: 'file locked by somebody else',
    weight: 1,
    async happen(random) {
      const client = new Database(location.file);
      while (!holdsLock(client)) await setTimeout(5);
      await setTimeout(random.int(100, 1_500));
      client.exec('ROLLBACK');
      client.close();
    },
  };
  return { location, direct: location, faults: [locked], stop: async () => rmSync(folder, { recursive: true }) };
}

/** Whether the file is now locked by this connection: it does not wait, for the run goes on meanwhile. */
function holdsLock(client: Database.Database): boolean {
  try {
    client.exec('BEGIN IMMEDIATE');
    return true;
  } catch {
    return false;
  }
}

async function postgres(): Promise<ChaosServer> {
  const server = await OwnPostgres.start();
  const proxy = await FaultyProxy.before(server.config);
  const direct: StorageLocation = { storage: 'postgres', server: server.config, schema: 'public' };
  const query = async (sql: string): Promise<void> => {
    const client = new Client(server.config);
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const others = 'FROM pg_stat_activity WHERE backend_type = $$client backend$$ AND pid <> pg_backend_pid()';
  const terminated: ServerFault = {
    name: 'pg_terminate_backend of all',
    weight: 2,
    happen: () => query(`SELECT pg_terminate_backend(pid) ${others}`),
  };
  const terminatedOne: ServerFault = {
    name: 'pg_terminate_backend of one',
    weight: 2,
    happen: (random) =>
      query(
        `SELECT pg_terminate_backend(pid) ${others} ORDER BY md5(pid::text || '${String(random.int(0, 9))}') LIMIT 1`,
      ),
  };
  const restarted: ServerFault = { name: 'immediate restart', weight: 1, happen: () => server.restartAtOnce() };
  return {
    location: { ...direct, server: { ...server.config, port: proxy.port } },
    direct,
    faults: [terminated, terminatedOne, restarted, ...networkFaults(proxy, ['COMMIT', 'INSERT INTO', 'nest-saga '])],
    async stop() {
      await proxy.close();
      await server.stop();
    },
  };
}

async function mysql(): Promise<ChaosServer> {
  const server = await OwnMariadb.start();
  const proxy = await FaultyProxy.before(server.config);
  const killed: ServerFault = { name: 'server killed and restarted', weight: 1, happen: () => server.killAndRestart() };
  return {
    location: { storage: 'mysql', server: { ...server.config, port: proxy.port } },
    direct: { storage: 'mysql', server: server.config },
    faults: [killed, ...networkFaults(proxy, ['COMMIT', 'INSERT', 'UPDATE'])],
    async stop() {
      await proxy.close();
      await server.stop();
    },
  };
}

/** Every answer is on disk before it is given: with the default, a power cut may take a second of answered writes along. */
async function redis(): Promise<ChaosServer> {
  const server = await OwnRedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
  const proxy = await FaultyProxy.before({ host: '127.0.0.1', port: server.port });
  const keyPrefix = '{chaos}:';
  const shutDown: ServerFault = {
    name: 'SHUTDOWN NOSAVE and restart',
    weight: 1,
    happen: () => server.shutDownAndRestart(),
  };
  const killed: ServerFault = {
    name: 'server killed and restarted',
    weight: 1,
    async happen() {
      await server.kill();
      await server.start();
    },
  };
  const paused: ServerFault = {
    name: 'CLIENT PAUSE',
    weight: 2,
    async happen(random) {
      const ms = random.int(200, 2_500);
      const client = new Redis(server.url, { retryStrategy: () => null });
      client.on('error', () => undefined);
      await client.call('CLIENT', 'PAUSE', ms).catch(() => undefined);
      client.disconnect();
      await setTimeout(ms);
    },
  };
  return {
    location: { storage: 'redis', url: `redis://127.0.0.1:${String(proxy.port)}`, keyPrefix },
    direct: { storage: 'redis', url: server.url, keyPrefix },
    faults: [shutDown, killed, paused, ...networkFaults(proxy, ['evalsha'])],
    async stop() {
      await proxy.close();
      await server.remove();
    },
  };
}

/** What a network does. `writes`: what the text of a write contains, whose answer is to be lost. */
function networkFaults(proxy: FaultyProxy, writes: readonly string[]): readonly ServerFault[] {
  return [
    {
      name: 'network slow',
      weight: 1,
      async happen(random) {
        proxy.delayBy(random.int(10, 150));
        await setTimeout(random.int(200, 2_000));
        proxy.mend();
      },
    },
    {
      name: 'network half-open',
      weight: 1,
      async happen(random) {
        proxy.fallSilent();
        await setTimeout(random.int(200, 2_500));
        proxy.mend();
      },
    },
    { name: 'connections reset', weight: 1, happen: async () => proxy.reset() },
    {
      name: 'answer to a write lost',
      weight: 3,
      async happen(random) {
        await Promise.race([proxy.loseAnswerTo(random.pick(writes)), setTimeout(2_000)]);
        proxy.mend();
      },
    },
  ];
}
