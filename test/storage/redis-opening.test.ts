import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisSagaStorage, type RedisClient, type RedisStorageOptions } from 'nest-saga/redis';
import { times } from '../contract/storage-under-test.js';
import { OwnRedisServer } from '../harness/redis-own-server.js';
import { whereThereIsRedis } from '../harness/redis-server.js';
import { RedisSpace } from '../harness/redis-space.js';

/** The rights of a user, as the guide lists them. */
const LISTED_RIGHTS = /^\+.*$/m.exec(readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8'))?.[0] ?? '';

await whereThereIsRedis('Opening RedisSagaStorage', () => {
  let space: RedisSpace;
  const servers: OwnRedisServer[] = [];
  const spaces: RedisSpace[] = [];
  const warnings = jest.spyOn(Logger.prototype, 'warn');
  beforeEach(() => {
    warnings.mockReset();
    warnings.mockImplementation(() => undefined);
    space = new RedisSpace();
  });
  afterEach(async () => {
    await space.clear();
    for (const one of spaces.splice(0)) await one.clear();
    for (const server of servers.splice(0)) await server.remove();
  });

  async function serverWith(...settings: string[]): Promise<OwnRedisServer> {
    const server = await OwnRedisServer.start(...settings);
    servers.push(server);
    return server;
  }

  async function spaceWith(...settings: string[]): Promise<RedisSpace> {
    const own = new RedisSpace((await serverWith(...settings)).url);
    spaces.push(own);
    return own;
  }

  /** A client of a user who has these rights and no others. */
  async function userOf(own: RedisSpace, rights: string): Promise<Redis> {
    await own.admin.acl('SETUSER', 'saga', 'on', '>pass', ...rights.split(' '));
    return own.client({ username: 'saga', password: 'pass' });
  }

  const mistake = (text: string) => ({
    code: 'SAGA_CONFIGURATION',
    mistakes: [expect.stringContaining(text)],
  });

  describe('layouts', () => {
    it('are noted once, although ten replicas start at once', async () => {
      const storages = times(10, () => space.storage());
      await Promise.all(storages.map((storage) => storage.open()));
      for (const storage of storages) expect(await storage.load('none')).toBeUndefined();
      expect(await space.admin.get(`${space.keyPrefix}schema`)).toBe('1');
    });

    it('of a newer release are refused, and nothing is changed', async () => {
      await space.admin.set(`${space.keyPrefix}schema`, '1000');
      await expect(space.storage().open()).rejects.toMatchObject({ code: 'SAGA_STORAGE_VERSION', found: 1000 });
      expect(await space.admin.keys(`${space.keyPrefix}*`)).toEqual([`${space.keyPrefix}schema`]);
    });
  });

  describe('tells what is wrong', () => {
    it('with a server that evicts', async () => {
      const own = await spaceWith('--maxmemory-policy', 'allkeys-lru');
      await expect(own.storage().open()).rejects.toMatchObject(mistake('maxmemory-policy allkeys-lru'));
    });

    it('with a replica', async () => {
      const primary = await serverWith();
      const own = await spaceWith('--replicaof', `127.0.0.1 ${primary.port}`);
      await expect(own.storage().open()).rejects.toMatchObject(mistake('read-only replica: connect to the primary'));
    });

    it.each([
      ['no password', {}],
      ['a wrong password', { password: 'wrong' }],
      ['an unknown user', { username: 'nobody', password: 'wrong' }],
    ])('with %s', async (_, options) => {
      const own = await spaceWith('--requirepass', 'right');
      await expect(own.storage({ client: own.client(options) }).open()).rejects.toMatchObject(
        mistake('refuses the user or the password'),
      );
      const right = own.storage({ client: own.client({ password: 'right' }) });
      await right.open();
    });

    it('with a user who lacks rights, naming the commands', async () => {
      const { keyPrefix } = space;
      const own = await spaceWith();
      const client = await userOf(own, `~${keyPrefix}* &* +@all -rpush -zadd`);
      const opened = own.storage({ client, keyPrefix }).open();
      await expect(opened).rejects.toMatchObject(mistake('rights'));
      await expect(opened).rejects.toMatchObject({ message: expect.stringMatching(/RPUSH: .*ZADD: /s) });
    });

    it('with a replica that does not say that it is one', async () => {
      const primary = await serverWith();
      const own = await spaceWith('--replicaof', `127.0.0.1 ${primary.port}`);
      const client = await userOf(own, '~* &* +@all -info');
      await expect(own.storage({ client }).open()).rejects.toMatchObject(
        mistake('read-only replica: connect to the primary'),
      );
    });

    it.each([
      ['scripts', '~* &* +@all -evalsha -eval'],
      ['keys', '~others:* &* +@all'],
    ])('with a user who lacks the right to %s', async (_, rights) => {
      const own = await spaceWith();
      const client = await userOf(own, rights);
      await expect(own.storage({ client }).open()).rejects.toMatchObject(mistake('NOPERM'));
    });

    it.each([
      ['redis_version:6.0.16\r\nrole:master', 'the server is Redis 6.0.16, and 6.2 is the oldest'],
      ['redis_version:7.2.4\r\nrole:master\r\nmaxmemory_policy:allkeys-new', 'maxmemory-policy allkeys-new'],
    ])('with a server that says %j', async (info, text) => {
      const client: RedisClient = {
        pipeline: (commands) => ({
          exec: async () => commands.map(([name]) => [null, name === 'info' ? info : []] as const),
        }),
        duplicate: () => space.client(),
      };
      await expect(space.storage({ client }).open()).rejects.toMatchObject(mistake(text));
    });

    it('with a server that is not there, within the time limit, and opens once it is', async () => {
      const server = await serverWith();
      await server.kill();
      const own = new RedisSpace(server.url);
      spaces.push(own);
      const storage = own.storage({ commandTimeout: 300 });
      await expect(storage.open()).rejects.toMatchObject({ code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'failed' });
      await server.start();
      await own.admin.ping();
      const again = own.storage();
      await again.open();
      expect(await again.load('none')).toBeUndefined();
    });
  });

  describe('takes for a fault that passes, and opens once it has,', () => {
    const passing = (...texts: string[]) => ({
      code: 'SAGA_STORAGE_UNAVAILABLE',
      reason: 'failed',
      message: expect.stringMatching(texts.join('.*')),
    });

    it('that replicas are away which every write waits for', async () => {
      const own = await spaceWith('--min-replicas-to-write', '1');
      await expect(own.storage().open()).rejects.toMatchObject(passing('min-replicas-to-write', 'NOREPLICAS'));
      await own.admin.config('SET', 'min-replicas-to-write', '0');
      const storage = own.storage();
      await storage.open();
      expect(await storage.load('none')).toBeUndefined();
    });

    it('that the server cannot save', async () => {
      const own = await spaceWith('--save', '3600 1');
      const [, folder] = (await own.admin.config('GET', 'dir')) as [string, string];
      // A snapshot replaces the one before, and no folder.
      mkdirSync(join(folder, 'dump.rdb'));
      await own.admin.bgsave();
      while (!(await own.admin.info('persistence')).includes('rdb_last_bgsave_status:err'));
      await expect(own.storage().open()).rejects.toMatchObject(passing('cannot save', 'MISCONF'));
      await own.admin.config('SET', 'stop-writes-on-bgsave-error', 'no');
      const storage = own.storage();
      await storage.open();
      expect(await storage.load('none')).toBeUndefined();
    });
  });

  describe('warns', () => {
    const warned = () => warnings.mock.calls.map(([message]) => message as string);

    it('of a server that keeps nothing on disk', async () => {
      const own = await spaceWith();
      await own.storage().open();
      expect(warned()).toEqual([expect.stringContaining('keeps nothing on disk')]);
    });

    it('of a server that has snapshots only', async () => {
      const own = await spaceWith('--save', '3600 1');
      await own.storage().open();
      expect(warned()).toEqual([expect.stringContaining('snapshots only')]);
    });

    it('and opens although the log sink throws', async () => {
      const own = await spaceWith();
      warnings.mockImplementation(() => {
        throw new Error('the sink is broken');
      });
      const storage = own.storage();
      await storage.open();
      expect(await storage.load('none')).toBeUndefined();
    });

    it('of nothing where there is an append-only file', async () => {
      const own = await spaceWith('--appendonly', 'yes');
      await own.storage().open();
      expect(warned()).toEqual([]);
    });

    it('of what it may not see', async () => {
      const own = await spaceWith('--appendonly', 'yes');
      await own.storage({ client: await userOf(own, '~* &* +@all -config -info') }).open();
      expect(warned()).toEqual([expect.stringMatching(/does not tell its version.*maxmemory-policy/)]);
    });
  });

  it('needs no more rights than the guide lists', async () => {
    const own = await spaceWith('--appendonly', 'yes');
    const client = await userOf(own, `~${space.keyPrefix}* &${space.keyPrefix}* -@all ${LISTED_RIGHTS}`);
    const subject = await own.subject({ client, keyPrefix: space.keyPrefix });
    await subject.register('w1');
    await subject.create();
    await subject.request();
    const heard = new Promise((resolve) => {
      void subject.storage.listen('written', resolve);
    });
    await subject.write('saga-1', {
      entries: [{ event: 'cancelled', request: 'request-1' }],
      head: { status: 'COMPENSATING', failedStep: 'charge', dueIn: 10, error: { name: 'E', message: 'm' } },
    });
    await heard;
    await subject.storage.release('w1');
    await subject.claim({ ids: ['saga-1'] });
    await subject.write('saga-1', { head: { status: 'FAILED', worker: null } });
    expect((await subject.storage.find({ error: 'm', step: 'charge' })).items).toHaveLength(1);
    await subject.storage.workers();
    await subject.claim();
    expect(await subject.storage.history('saga-1')).toHaveLength(5);
    expect(await subject.storage.prune({ olderThan: -1000 })).toBe(1);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('refuses to work before it is open and after it is closed', async () => {
    const storage = space.storage();
    const closed = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'closed' };
    await expect(storage.load('none')).rejects.toMatchObject(closed);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
    await storage.close();
    await expect(storage.load('none')).rejects.toMatchObject(closed);
    await storage.open();
    expect(await storage.load('none')).toBeUndefined();
  });

  it('writes what is queued before it closes, and leaves the client as it was', async () => {
    const client = space.client();
    const listeners = client.listenerCount('error');
    const subject = await space.subject({ client });
    const created = [1, 2, 3].map((number) => subject.create({ id: `saga-${number}` }));
    await subject.storage.close();
    expect((await Promise.all(created)).map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created']);
    expect(client.listenerCount('error')).toBe(listeners);
    expect(await client.ping()).toBe('PONG');
  });

  it('keeps sagas under different prefixes apart', async () => {
    const client = space.client();
    const one = await space.subject({ client });
    const two = await space.subject({ client, keyPrefix: `${space.keyPrefix}two:` });
    await one.create();
    expect(await two.storage.load('saga-1')).toBeUndefined();
    expect(await two.storage.find({})).toEqual({ items: [] });
  });

  it('works under the key prefix of its client', async () => {
    const subject = await space.subject({ client: space.client({ keyPrefix: 'of-the-client:' }) });
    await subject.create();
    expect(await subject.claimedIds()).toEqual(['saga-1']);
    expect((await subject.storage.find({ status: 'RUNNING' })).items).toHaveLength(1);
    const keys = await space.admin.keys(`of-the-client:${space.keyPrefix}*`);
    expect(keys.length).toBeGreaterThan(3);
    expect(await space.admin.keys(`${space.keyPrefix}*`)).toEqual([]);
    await space.admin.del(...keys);
  });

  it.each<[string, Partial<Record<keyof RedisStorageOptions, unknown>>]>([
    ['client', { client: undefined }],
    ['client', { client: {} }],
    ['client', { client: { pipeline: () => undefined } }],
    ['keyPrefix', { keyPrefix: '' }],
    ['keyPrefix', { keyPrefix: 'sagas:' }],
    ['keyPrefix', { keyPrefix: '{}:' }],
    ['keyPrefix', { keyPrefix: '{a}{b}' }],
    ['keyPrefix', { keyPrefix: '}a{' }],
    ['keyPrefix', { keyPrefix: '{a\u0000}' }],
    ['keyPrefix', { keyPrefix: `{${'x'.repeat(200)}}` }],
    ['commandTimeout', { commandTimeout: 0 }],
    ['commandTimeout', { commandTimeout: NaN }],
    ['commandTimeout', { commandTimeout: Infinity }],
  ])('refuses a wrong %s: %j', (name, options) => {
    const client = new Redis({ lazyConnect: true });
    expect(() => new RedisSagaStorage({ client, ...options } as RedisStorageOptions)).toThrow(
      expect.objectContaining({
        code: 'SAGA_CONFIGURATION',
        mistakes: [expect.stringContaining(`RedisSagaStorage: \`${name}\``)],
      }),
    );
  });
});
