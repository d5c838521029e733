import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SqliteClient } from 'nest-saga/sqlite';
import { times } from '../contract/storage-under-test.js';
import { sqliteDrivers } from '../harness/sqlite-drivers.js';
import { SqliteFile } from '../harness/sqlite-file.js';

describe.each(sqliteDrivers.map((driver) => [driver.name, driver] as const))('faults of %s', (_, driver) => {
  let file: SqliteFile;
  beforeEach(() => {
    file = new SqliteFile(driver);
  });
  afterEach(() => file.dispose());

  describe('a database that another process has locked', () => {
    it('is tried again until the lock is free', async () => {
      const subject = await file.subject();
      const other = file.connect();
      other.exec('BEGIN EXCLUSIVE');
      const created = subject.create();
      const claimed = subject.claim();
      const beat = subject.storage.heartbeat({ worker: 'w1', beat: 0, duration: 1000 });
      setTimeout(() => other.exec('COMMIT'), 100);
      expect(await created).toMatchObject({ outcome: 'created' });
      expect(await beat).toMatchObject({ outcome: 'alive' });
      await claimed;
    });

    it('does not hold up the event loop meanwhile', async () => {
      const subject = await file.subject();
      const other = file.connect();
      other.exec('BEGIN EXCLUSIVE');
      let turns = 0;
      const timer = setInterval(() => {
        if (++turns === 5) other.exec('COMMIT');
      }, 1);
      expect(await subject.create()).toMatchObject({ outcome: 'created' });
      clearInterval(timer);
      expect(turns).toBeGreaterThanOrEqual(5);
    });

    it('is reported when it stays locked, and nothing is written', async () => {
      const subject = await file.subject({ busyTimeout: 60 });
      const other = file.connect();
      other.exec('BEGIN EXCLUSIVE');
      const locked = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'locked', retryable: true, cause: expect.anything() };
      await expect(subject.create()).rejects.toMatchObject(locked);
      await expect(subject.request()).rejects.toMatchObject(locked);
      other.exec('COMMIT');
      expect(await subject.storage.load('saga-1')).toBeUndefined();
      expect(await subject.create()).toMatchObject({ outcome: 'created' });
    });

    it('leaves nothing behind that others of the process would stumble over', async () => {
      const subject = await file.subject({ busyTimeout: 60 });
      await subject.create({ id: 'before' });
      const other = file.connect();
      other.exec('BEGIN IMMEDIATE');
      await expect(subject.create()).rejects.toMatchObject({ reason: 'locked' });
      expect(await subject.storage.load('before')).toMatchObject({ record: { version: 1 } });
      other.exec('COMMIT');
      const beat = { worker: 'w1', beat: 0, duration: 1000 };
      expect(await subject.storage.heartbeat(beat)).toMatchObject({ outcome: 'alive' });
      expect(await subject.storage.load('saga-1')).toBeUndefined();
    });

    describe('and that is read meanwhile', () => {
      /** A write that has met the lock and waits, behind it a read, and then others have written. */
      async function overtaken(busyTimeout: number) {
        const subject = await file.subject({ busyTimeout });
        await subject.create({ id: 'before' });
        const other = file.connect();
        other.exec('BEGIN IMMEDIATE');
        const created = subject.create();
        created.catch(() => undefined);
        await new Promise(setImmediate);
        await subject.load('before');
        other.exec('COMMIT');
        other.exec(`UPDATE saga_heads SET failed_step = 'charge' WHERE id = 'before'`);
        return { subject, created };
      }

      it('is written to as soon as it is free', async () => {
        const { subject, created } = await overtaken(1_000);
        expect(await created).toMatchObject({ outcome: 'created' });
        const beat = { worker: 'w1', beat: 0, duration: 1000 };
        expect(await subject.storage.heartbeat(beat)).toMatchObject({ outcome: 'alive' });
      });

      it('shows what others have written', async () => {
        const { subject } = await overtaken(1_000);
        expect((await subject.load('before')).record).toMatchObject({ failedStep: 'charge' });
      });
    });

    it('keeps nobody from closing', async () => {
      const subject = await file.subject({ busyTimeout: 60_000 });
      const other = file.connect();
      other.exec('BEGIN EXCLUSIVE');
      const beat = subject.storage.heartbeat({ worker: 'w1', beat: 0, duration: 1000 });
      const refused = expect(beat).rejects.toMatchObject({ reason: 'closed' });
      await subject.storage.close();
      await refused;
    });
  });

  describe('a full disk', () => {
    it('is reported, half-writes nothing, and lets everything go on once there is room', async () => {
      const client = file.connect();
      const subject = await file.subject({ client });
      await subject.create({ id: 'before' });
      const { page_count: pages } = client.prepare('PRAGMA page_count').get() as { page_count: number };
      client.exec(`PRAGMA max_page_count = ${pages}`);

      const large = { context: 'x'.repeat(1_000_000) };
      const full = { code: 'SAGA_STORAGE_UNAVAILABLE', reason: 'full', retryable: true, cause: expect.anything() };
      await expect(subject.create({ id: 'large', ...large })).rejects.toMatchObject(full);
      await expect(subject.write('before', large)).rejects.toMatchObject(full);
      expect(await subject.storage.load('large')).toBeUndefined();
      expect((await subject.load('before')).record).toMatchObject({ version: 1, context: { orderId: 'o-1' } });

      client.exec(`PRAGMA max_page_count = ${pages + 10_000}`);
      expect(await subject.create({ id: 'large', ...large })).toMatchObject({ outcome: 'created' });
      expect(await subject.write('before', large)).toMatchObject({ outcome: 'written' });
    });
  });

  describe('a value that the database refuses', () => {
    it('is rejected alone, and takes none of its batch along', async () => {
      const client = file.connect();
      const subject = await file.subject({ client });
      client.exec(`CREATE TRIGGER too_dear BEFORE INSERT ON saga_log WHEN NEW.saga_id LIKE 'dear-%'
                   BEGIN SELECT RAISE(ABORT, 'too dear'); END`);
      const ids = times(20, (index) => (index % 7 === 3 ? `dear-${index}` : `cheap-${index}`));
      const results = await Promise.allSettled(ids.map((id) => subject.create({ id })));
      for (const [i, result] of results.entries()) {
        if (ids[i]!.startsWith('cheap')) expect(result).toMatchObject({ value: { outcome: 'created' } });
        else expect(result).toMatchObject({ reason: { code: 'SAGA_STORAGE_REJECTED', cause: expect.anything() } });
      }
      const stored = (await subject.storage.find({ limit: 100 })).items.map(({ id }) => id);
      expect(stored.toSorted()).toEqual(ids.filter((id) => id.startsWith('cheap')).toSorted());
    });

    it.each([true, undefined, 1n, NaN, Infinity, {}, () => 1, new Date(), Symbol('s')])(
      'never reaches the driver: %p',
      async (value) => {
        const bound: unknown[] = [];
        const subject = await file.subject({ client: noting(file.connect(), bound) });
        const broken = { definitionVersion: value as number };
        await expect(subject.create(broken)).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
        await expect(subject.storage.load(value as string)).rejects.toMatchObject({ code: 'SAGA_STORAGE_REJECTED' });
        expect(bound).not.toContain(value);
        expect(await subject.create()).toMatchObject({ outcome: 'created' });
      },
    );
  });

  describe('a machine that is held up while it reads the time', () => {
    it('does not put off what is due at once', async () => {
      const subject = await file.subject({ client: readingTheTimeSlowly(file.connect()) });
      await subject.createWith({ dueIn: 0 });
      expect(await subject.claimedIds()).toEqual(['saga-1']);
    });
  });

  describe('a database that fails', () => {
    it('is reported with its own error as the cause', async () => {
      const client = file.connect();
      const subject = await file.subject({ client });
      client.exec('DROP TABLE saga_workers');
      await expect(subject.storage.workers()).rejects.toMatchObject({
        code: 'SAGA_STORAGE_UNAVAILABLE',
        reason: 'failed',
        message: expect.stringContaining('SQLITE_ERROR'),
        cause: { message: expect.stringContaining('saga_workers') },
      });
    });

    it('leaves no transaction open', async () => {
      const client = file.connect();
      const subject = await file.subject({ client });
      client.exec('CREATE TRIGGER broken BEFORE INSERT ON saga_log BEGIN SELECT * FROM missing; END');
      await expect(subject.create()).rejects.toMatchObject({ reason: 'failed' });
      client.exec('DROP TRIGGER broken');
      expect(await subject.create()).toMatchObject({ outcome: 'created' });
    });
  });

  describe('a saga with a hole in its log', () => {
    it('is unreadable, as is one in a status of a later release', async () => {
      const client = file.connect();
      const subject = await file.subject({ client });
      for (const id of ['hole', 'status', 'empty', 'plan', 'well']) await subject.create({ id });
      await subject.write('hole');
      await subject.write('hole');
      client.exec(`DELETE FROM saga_log WHERE saga_id = 'hole' AND version = 2`);
      client.exec(`DELETE FROM saga_log WHERE saga_id = 'empty'`);
      client.exec(`UPDATE saga_heads SET status = 'DREAMING' WHERE id = 'status'`);
      client.exec(`UPDATE saga_heads SET plan = '[' WHERE id = 'plan'`);
      expect((await subject.load('hole')).unreadable).toContain('row 2');
      expect((await subject.load('empty')).unreadable).toContain('row 1');
      expect((await subject.load('status')).unreadable).toContain('DREAMING');
      expect((await subject.load('plan')).unreadable).toContain('plan');
      expect((await subject.load('well')).unreadable).toBeUndefined();
      expect((await subject.storage.find({})).items).toHaveLength(5);
    });
  });
});

/** A client that takes 50 ms until it begins to read the time alone. */
function readingTheTimeSlowly(client: SqliteClient): SqliteClient {
  return {
    exec: (sql) => client.exec(sql),
    prepare(sql) {
      const statement = client.prepare(sql);
      if (!/^\s*SELECT[^,]*AS now$/.test(sql)) return statement;
      const get: typeof statement.get = (...values) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
        return statement.get(...values);
      };
      return { run: statement.run, all: statement.all, get };
    },
  };
}

/** A client that writes down what is bound. */
function noting(client: SqliteClient, bound: unknown[]): SqliteClient {
  return {
    exec: (sql) => client.exec(sql),
    prepare(sql) {
      const statement = client.prepare(sql);
      const note = <T>(call: (...values: never[]) => T) => {
        return (...values: unknown[]): T => {
          bound.push(...values.flat());
          return call.apply(statement, values as never[]);
        };
      };
      return { run: note(statement.run), get: note(statement.get), all: note(statement.all) };
    },
  };
}
