import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SqliteSagaStorage, type SqliteClient } from 'nest-saga/sqlite';
import { freshFile, sqliteDrivers } from '../harness/sqlite-drivers.js';
import { Effects, saga, startApplication, step } from './application.js';
import { failing, refuse } from './behaviours.js';
import { onEachStorage } from './world.js';

/** Longer than any test: nothing but sagas writes. */
const QUIET = { recovery: { interval: 3_600_000 }, lease: { duration: 3_600_000 } };

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${i}`);

describe('the durable writes of a saga', () => {
  onEachStorage((world) => {
    it.each([1, 2, 3, 10])('of %d steps are one more than its steps', async (count) => {
      const S = saga(
        'S',
        names(count).map((name) => world.step(name)),
      );
      const { runner, line } = await world.start([S], QUIET);
      await runner.run(S, {});
      expect(line.writes).toBe(count + 1);
    });

    it.each([1, 2, 3, 10])(
      'of %d steps of which the last fails are one more for each that is undone',
      async (count) => {
        const steps = names(count).map((name, i) => world.step(name, i === count - 1 ? { act: refuse } : {}));
        const S = saga('S', steps);
        const { runner, line } = await world.start([S], QUIET);
        await expect(runner.run(S, {})).rejects.toThrow('refused');
        expect(line.writes).toBe(count + 1 + (count - 1));
      },
    );

    it('of no steps are one', async () => {
      const S = saga('S', []);
      const { runner, line } = await world.start([S], QUIET);
      await runner.run(S, {});
      expect(line.writes).toBe(1);
    });

    it('grow by two with each retry: its failure, and its start when it is due', async () => {
      const act = failing(2);
      const S = saga('S', [world.step('a', { act, options: { retry: { retryCount: 3, retryDelay: 1 } } })]);
      const { runner, line } = await world.start([S], QUIET);
      await runner.run(S, {});
      expect(line.writes).toBe(2 + 2 * 2);
    });
  });

  describe('on SQLite', () => {
    /** Counts what a connection commits: transactions, and statements that run outside of one. */
    async function counting(work: (commits: () => number, storage: SqliteSagaStorage) => Promise<void>): Promise<void> {
      const file = freshFile();
      const client = sqliteDrivers[0]!.open(file);
      let commits = 0;
      let isInTransaction = false;
      const note = (sql: string): void => {
        if (sql === 'COMMIT' || (!isInTransaction && sql.includes('INSERT'))) commits++;
        if (sql.startsWith('BEGIN')) isInTransaction = true;
        if (sql === 'COMMIT' || sql === 'ROLLBACK') isInTransaction = false;
      };
      const counted: SqliteClient = {
        exec(sql) {
          note(sql);
          return client.exec(sql);
        },
        prepare(sql) {
          const statement = client.prepare(sql);
          return {
            run(...values) {
              note(sql);
              return statement.run(...values);
            },
            get: (...values) => statement.get(...values),
            all: (...values) => statement.all(...values),
          };
        },
      };
      try {
        await work(() => commits, new SqliteSagaStorage({ client: counted, synchronous: 'NORMAL' }));
      } finally {
        client.close();
        rmSync(dirname(file), { recursive: true });
      }
    }

    it('are as many commits, for one saga alone', async () => {
      await counting(async (commits, storage) => {
        const effects = new Effects();
        const S = saga('S', [step(effects, 'a'), step(effects, 'b'), step(effects, 'c')]);
        const { runner, close } = await startApplication([S], { storage, ...QUIET });
        await runner.run(S, {});
        const before = commits();
        await runner.run(S, {});
        expect(commits() - before).toBe(4);
        await close();
      });
    });

    it('share their commits where many sagas run at once', async () => {
      await counting(async (commits, storage) => {
        const effects = new Effects();
        const S = saga('S', [step(effects, 'a'), step(effects, 'b'), step(effects, 'c')]);
        const { runner, close } = await startApplication([S], { storage, ...QUIET });
        await runner.run(S, {});
        const before = commits();
        await Promise.all(Array.from({ length: 64 }, () => runner.run(S, {})));
        expect(commits() - before).toBeLessThan(64);
        await close();
      });
    });
  });
});
