import { createHash } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { RedisSagaStorage, type RedisClient, type RedisCommand } from 'nest-saga/redis';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { NOW } from '../../lib/storage/redis/scripts/clock.js';
import type { HarnessedStorage, StorageHarness } from '../contract/storage-harness.js';
import { clearPrefix } from './redis-space.js';
import { serverUrl } from './redis-server.js';

/** What the tests of a file share. */
interface Clients {
  readonly control: Redis;
  readonly storages: Redis;
  readonly peers: Redis;
}

/** Storages of the contract suite, each under a prefix of its own. */
export function redisHarness(): StorageHarness {
  let clients: Clients | undefined;
  beforeAll(() => {
    // The tests' server keeps nothing on disk, which each storage would say.
    Logger.overrideLogger(false);
    clients = { control: new Redis(serverUrl), storages: new Redis(serverUrl), peers: new Redis(serverUrl) };
  });
  afterAll(async () => {
    for (const client of Object.values(clients ?? {})) await (client as Redis).quit();
  });
  return {
    listens: true,
    create: () => {
      if (clients === undefined) throw new Error('The connections exist only while tests run.');
      return openHarnessed(clients);
    },
  };
}

async function openHarnessed({ control, storages, peers }: Clients): Promise<HarnessedStorage> {
  const keyPrefix = `{nest-saga-test-${crypto.randomUUID()}}:`;
  const clock = `${keyPrefix}test-clock`;
  await control.set(clock, 0);
  const opened: RedisSagaStorage[] = [];
  const listening: Redis[] = [];
  const open = async (client: Redis) => {
    const moved = onMovedClock(client, clock);
    const duplicate = () => {
      const subscriber = client.duplicate();
      listening.push(subscriber);
      return subscriber;
    };
    const storage = new RedisSagaStorage({ client: { ...moved, duplicate }, keyPrefix });
    await storage.open();
    opened.push(storage);
    return storage;
  };
  return {
    storage: await open(storages),
    peer: () => open(peers),
    async advance(ms) {
      await control.incrby(clock, ms);
    },
    async corrupt(id, how) {
      const log = `${keyPrefix}log:${id}`;
      const row = (await control.lindex(log, -1)) ?? '';
      const damaged = how === 'damaged' ? row.slice(0, row.length / 2) : row.replace('"format":1', '"format":1000');
      await control.lset(log, -1, damaged);
    },
    async cutListeners() {
      const sockets = listening.filter(({ status }) => status === 'ready').map(({ stream }) => stream);
      if (sockets.length === 0) throw new Error('Nobody listens.');
      for (const socket of sockets) socket.destroy();
    },
    async dispose() {
      for (const storage of opened) await storage.close();
      await clearPrefix(control, keyPrefix);
    },
  };
}

/** The clock is an expression in scripts; here one that is ahead of it by what the tests say, for every connection. */
function onMovedClock(client: Redis, clock: string): Pick<RedisClient, 'pipeline'> {
  const moved = (text: string): string => text.replaceAll(NOW, `(${NOW} + redis.call('GET', '${clock}'))`);
  const movedShas = new Map<unknown, string>();
  const translate = ([name, script, ...args]: RedisCommand): RedisCommand => {
    if (name === 'evalsha') return [name, movedShas.get(script) ?? '0'.repeat(40), ...args];
    if (name !== 'eval') return [name, ...(script === undefined ? [] : [script]), ...args];
    const text = moved(String(script));
    movedShas.set(sha1(String(script)), sha1(text));
    return [name, text, ...args];
  };
  return {
    pipeline: (commands) => client.pipeline(commands.map(translate)),
  };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
