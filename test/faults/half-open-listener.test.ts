import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { PostgresSagaStorage } from 'nest-saga/postgres';
import { RedisSagaStorage, type RedisClient } from 'nest-saga/redis';
import { Client, Pool } from 'pg';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { FaultyProxy } from '../harness/faulty-proxy.js';
import { onDatabase } from '../harness/on-each-database.js';
import type { ProcessDatabase } from '../harness/process-databases.js';
import {
  addressOf,
  connectTo,
  reachedBy,
  type ProcessStorage,
  type StorageLocation,
} from '../harness/process-storage.js';

type ConnectedStorage = Pick<ProcessStorage, 'storage' | 'disconnect'>;

/** Connects to a storage so that nothing but what it listens on goes through the proxy. */
async function connectWithEarApart(location: StorageLocation, port: number): Promise<ConnectedStorage> {
  const apart = reachedBy(location, port);
  if (location.storage === 'postgres' && apart.storage === 'postgres') {
    const options = `-c search_path=${location.schema}`;
    const pool = new Pool({ ...location.server, options });
    const listener = async (): Promise<Client> => {
      const client = new Client({ ...apart.server, options });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    return { storage: new PostgresSagaStorage({ client: pool, listener }), disconnect: () => pool.end() };
  }
  if (location.storage === 'redis' && apart.storage === 'redis') {
    const redis = new Redis(location.url);
    const client: RedisClient = {
      pipeline: (commands) => redis.pipeline(commands),
      duplicate: () => new Redis(apart.url),
    };
    const storage = new RedisSagaStorage({ client, keyPrefix: location.keyPrefix });
    return { storage, disconnect: async () => redis.disconnect() };
  }
  throw new Error(`Replicas on ${location.storage} do not listen.`);
}

/** Whoever hears nothing looks every 5 s, and a connection that is silent for 15 s is replaced. */
const LOOKS_WITHIN = 7_000;
const REPLACED_WITHIN = 20_000;
/** What is heard is there far before the next look. */
const AT_ONCE = 1_500;

/** Where replicas tell each other of writes. */
for (const name of ['postgres', 'redis'] as const) {
  await onDatabase(name, (kind) => {
    describe('a connection that listens, and of which the network forgets', () => {
      let database: ProcessDatabase;
      let proxy: FaultyProxy;
      let connected: ConnectedStorage[];
      let applications: Application[];
      let gates: Map<string, Gate>;
      const effects = new Effects();
      const S = saga('S', [
        step(effects, 'a', { act: (_, { sagaId }) => gates.get(sagaId)?.passed }),
        step(effects, 'b'),
      ]);

      beforeEach(async () => {
        database = await kind.create();
        proxy = await FaultyProxy.before(addressOf(database.location)!);
        connected = [];
        applications = [];
        gates = new Map();
      });
      afterEach(async () => {
        await Promise.all(applications.map((application) => application.close()));
        for (const { disconnect } of connected) await disconnect();
        await proxy.close();
        await database.drop();
      });

      async function start(connection: ConnectedStorage): Promise<Application> {
        connected.push(connection);
        // Nothing is found by recovery's looking, and no lease is lost meanwhile.
        const application = await startApplication([S], {
          storage: connection.storage,
          lease: { duration: 3_600_000 },
          recovery: { interval: 3_600_000 },
        });
        applications.push(application);
        return application;
      }

      /** Follows a saga of another replica, lets it end, and gives the ms until its follower knows. */
      async function follow(owner: Application, watcher: Application, id: string): Promise<number> {
        gates.set(id, new Gate());
        await owner.runner.start(S, {}, { id });
        const handle = await watcher.runner.get(id);
        const seen = new Gate();
        const events = lastValueFrom(
          handle.watch().pipe(
            tap(({ type }) => type === 'step.started' && seen.open()),
            toArray(),
          ),
        );
        await seen.passed;
        const began = performance.now();
        gates.get(id)!.open();
        expect((await events).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
        return performance.now() - began;
      }

      it('delays a watcher by seconds, and loses no event; it is replaced, and events are heard at once again', async () => {
        const owner = await start(await connectTo(database.location));
        const watcher = await start(await connectWithEarApart(database.location, proxy.port));
        await eventually(async () => expect(await follow(owner, watcher, crypto.randomUUID())).toBeLessThan(AT_ONCE));
        proxy.silenceOpen();
        expect(await follow(owner, watcher, 'deaf')).toBeLessThan(LOOKS_WITHIN);
        await eventually(
          async () => expect(await follow(owner, watcher, crypto.randomUUID())).toBeLessThan(AT_ONCE),
          REPLACED_WITHIN,
        );
      }, 60_000);
    });
  });
}
