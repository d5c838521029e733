import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RowDataPacket } from 'mysql2';
import { lastValueFrom, toArray } from 'rxjs';
import type { SagaStorage } from '../../lib/index.js';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { hang, refuse } from '../e2e/behaviours.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { StorageLine } from '../e2e/storage-line.js';
import { MysqlDatabase } from '../harness/mysql-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

/** The statements of a guide that grant rights to an application, each with one right, as they stand there. */
function grantsOf(guide: string): readonly string[] {
  const text = readFileSync(new URL(`../../docs/${guide}`, import.meta.url), 'utf8');
  const granted = [...text.matchAll(/^GRANT (.*?) ON (.*?) TO (.*);$/gm)];
  return granted.flatMap(([, rights = '', tables = '', user = '']) =>
    rights.split(', ').flatMap((right) => tables.split(', ').map((table) => `GRANT ${right} ON ${table} TO ${user}`)),
  );
}

/** The statements by which a guide has somebody look on: what is not finished, and the log of one saga. */
function looksOf(guide: string): readonly string[] {
  const text = readFileSync(new URL(`../../docs/${guide}`, import.meta.url), 'utf8');
  return Array.from(text.matchAll(/^SELECT [^;]*;$/gm), ([statement]) => statement);
}

/** A server with tables of sagas, and users of it who have these rights and no others. */
interface Rights {
  readonly grants: readonly string[];
  readonly looks: readonly string[];
  /** A storage whose connections are such a user's. */
  storageOf(grants: readonly string[]): Promise<SagaStorage>;
  /** What such a user is shown by a statement. */
  rowsFor(grants: readonly string[], statement: string): Promise<readonly object[]>;
  drop(): Promise<void>;
}

function describeRights(create: () => Promise<Rights>): void {
  let rights: Rights;
  let applications: Application[];
  let effects: Effects;
  beforeEach(async () => {
    rights = await create();
    applications = [];
    effects = new Effects();
  });
  afterEach(async () => {
    await Promise.all(applications.map((application) => application.close()));
    await rights.drop();
  });

  it('grants all that an application does with its sagas', async () => {
    const gate = new Gate();
    const S = saga('S', [
      step(effects, 'a'),
      step(effects, 'b', {
        act: ({ does }, { attempt }) => {
          if (does === 'fail') refuse();
          if (does === 'wait') return gate.passed;
          return does === 'die' && attempt === 1 ? hang() : undefined;
        },
      }),
    ]);
    const start = async (lease: number) => {
      const line = new StorageLine(await rights.storageOf(rights.grants));
      const application = await startApplication([S], { storage: line, lease: { duration: lease } });
      applications.push(application);
      return { ...application, line };
    };
    const mortal = await start(1_000);
    const { runner, line } = await start(60_000);
    expect(await runner.run(S, {}, { id: 'runs' })).toEqual({});
    await expect(runner.run(S, { does: 'fail' }, { id: 'fails' })).rejects.toThrow('refused');
    const waiting = await runner.start(S, { does: 'wait' }, { id: 'waits' });
    const events = lastValueFrom((await mortal.runner.get('waits')).watch().pipe(toArray())).catch(() => []);
    await eventually(() => expect(effects.count('b')).toBe(3));
    const cancelled = (await mortal.runner.get('waits')).cancel();
    await eventually(async () => expect((await line.load('waits'))?.requests).toHaveLength(1));
    gate.open();
    await cancelled;
    await expect(waiting.result()).rejects.toMatchObject({ code: 'SAGA_CANCELLED' });
    expect((await events).at(-1)).toMatchObject({ type: 'saga.failed' });
    await mortal.runner.start(S, { does: 'die' }, { id: 'dies' });
    await eventually(() => expect(effects.count('b')).toBe(4));
    mortal.line.cut();
    await eventually(async () => expect((await runner.recover('dies')).status).toBe('COMPLETED'));
    expect((await runner.find({ name: 'S', limit: 10 })).items).toHaveLength(4);
    expect(await line.workers()).toHaveLength(1);
    expect(await line.prune({ olderThan: -1_000 })).toBe(4);
    mortal.line.breakDown();
  }, 30_000);

  it('shows what is not finished, and its log, to whoever may only read', async () => {
    const gate = new Gate();
    const S = saga('S', [step(effects, 'a', { act: ({ does }) => (does === 'wait' ? gate.passed : undefined) })]);
    const storage = await rights.storageOf(rights.grants);
    const application = await startApplication([S], { storage });
    applications.push(application);
    await application.runner.run(S, {}, { id: 'is-through' });
    const waiting = await application.runner.start(S, { does: 'wait' }, { id: 'waits' });

    const mayRead = rights.grants.filter((grant) => /^GRANT (SELECT|USAGE) /.test(grant));
    const [unfinished = '', log = '', ...others] = rights.looks;
    expect(others).toEqual([]);
    const found = await rights.rowsFor(mayRead, unfinished);
    expect(found.map((row): readonly unknown[] => Object.values(row))).toEqual([
      expect.arrayContaining(['waits', 'RUNNING']),
    ]);
    const rows = await rights.rowsFor(mayRead, log.replace('…', 'waits'));
    expect(rows.map((row) => ({ ...row }))).toEqual([expect.objectContaining({ version: expect.anything() })]);
    expect(JSON.stringify(rows)).toContain('started');
    gate.open();
    await waiting.result();
  }, 30_000);

  it('grants nothing without which an application would start', async () => {
    expect(rights.grants.length).toBeGreaterThan(10);
    for (const grant of rights.grants) {
      const storage = await rights.storageOf(rights.grants.filter((other) => other !== grant));
      const [, right = '', table] = /^GRANT (\w+) ON (?:SCHEMA )?(?:shop\.)?(\w+) TO /.exec(grant) ?? [];
      const named = table === 'shop' ? '' : table;
      const opened = storage.open().then(
        () => `opens without: ${grant}`,
        (error: unknown) => (error as Error).message,
      );
      expect(await opened).toMatch(
        new RegExp(`lacks a right.*(${right}.*${String(named)}|denied.*${String(named)})`, 's'),
      );
    }
  }, 30_000);
}

await whereThereIsPostgres('The least rights on PostgreSQL', () => {
  describe('docs/postgres.md', () => {
    describeRights(async () => {
      const schema = await PostgresSchema.create();
      await schema.storage().open();
      const roles: string[] = [];
      const poolOf = async (grants: readonly string[]) => {
        const role = `${schema.name}_${String(roles.length)}`;
        roles.push(role);
        await schema.query(`CREATE ROLE ${role} LOGIN`);
        for (const grant of grants) {
          const here = grant.replace(' shop_application', ` ${role}`).replace(/\bshop\b/, schema.name);
          await schema.query(here);
        }
        return schema.pool({ options: `${schema.connectionOptions} -c role=${role}` });
      };
      return {
        grants: grantsOf('postgres.md'),
        looks: looksOf('postgres.md'),
        storageOf: async (grants) => schema.storage({ client: await poolOf(grants), migrate: false }),
        rowsFor: async (grants, statement) => (await (await poolOf(grants)).query<object>(statement)).rows,
        drop: async () => {
          for (const role of roles) await schema.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
          await schema.drop();
        },
      };
    });
  });
});

await whereThereIsMysql('The least rights on MySQL', () => {
  describe('docs/mysql.md', () => {
    describeRights(async () => {
      const database = await MysqlDatabase.create();
      await database.storage().open();
      const users: string[] = [];
      const poolOf = async (grants: readonly string[]) => {
        const user = `saga_${crypto.randomUUID().slice(-12)}`;
        users.push(user);
        await database.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret'`);
        for (const grant of grants) {
          await database.query(grant.replace(`'shop_application'`, user).replace(/\bshop\b/, database.name));
        }
        return database.pool({ user, password: 'secret' });
      };
      return {
        grants: grantsOf('mysql.md'),
        looks: looksOf('mysql.md'),
        storageOf: async (grants) => database.storage({ client: await poolOf(grants), migrate: false }),
        rowsFor: async (grants, statement) => (await (await poolOf(grants)).query<RowDataPacket[]>(statement))[0],
        drop: async () => {
          for (const user of users) await database.query(`DROP USER ${user}@'%'`);
          await database.drop();
        },
      };
    });
  });
});
