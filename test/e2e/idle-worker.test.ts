import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  PostgresSagaStorage,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresStatement,
} from 'nest-saga/postgres';
import type { Pool } from 'pg';
import { SagaModule, SagaStep } from '../../lib/index.js';
import { PostgresSchema } from '../harness/postgres-schema.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';
import { saga } from './application.js';

/** Longer than each of the default intervals, so that each comes round: nothing else shows what idling costs. */
const WATCHED_MS = 6_000;

await whereThereIsPostgres('The cost of an idle worker', () => {
  describe('an idle worker', () => {
    let schema: PostgresSchema;
    beforeAll(async () => {
      schema = await PostgresSchema.create();
      await (await schema.subject()).create();
    });
    afterAll(() => schema.drop());

    class Step {
      act(): void {}
      compensate(): void {}
    }
    SagaStep({ name: 'a' })(Step);

    it('costs at most two statements a second, with automatic recovery and beside a hundred others', async () => {
      await schema.query(
        `INSERT INTO saga_workers (id, expires_at) SELECT 'worker-' || i, now() + interval '1 hour' FROM generate_series(1, 100) i`,
      );
      const counted = countingPool(schema.pool());
      const module = await Test.createTestingModule({
        imports: [SagaModule.forRoot({ storage: new PostgresSagaStorage({ client: counted.pool }) })],
        providers: [saga('S', [Step]), Step],
      }).compile();
      await module.init();
      // Starting is not idling: it is over when the lease has been renewed, or when as much time has passed.
      await sleep(1_000);
      const before = counted.statements.length;
      await sleep(WATCHED_MS);
      const statements = counted.statements.slice(before);
      await module.close();
      expect(statements.filter((text) => text.includes('expires_at')).length).toBeGreaterThan(0);
      expect(statements.length).toBeLessThanOrEqual((2 * WATCHED_MS) / 1_000);
    }, 30_000);
  });
});

/** A pool that writes down each statement, those of connections that it lends as well. */
function countingPool(pool: Pool): { readonly pool: PostgresPool; readonly statements: string[] } {
  const statements: string[] = [];
  const counted = <Client extends Pick<PostgresPoolClient, 'query'>>(client: Client): Client =>
    new Proxy(client, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (property === 'query') statements.push((args[0] as PostgresStatement).text);
          const result: unknown = Reflect.apply(value, target, args);
          return property === 'connect' ? (result as Promise<PostgresPoolClient>).then(counted) : result;
        };
      },
    });
  return { pool: counted(pool as PostgresPool), statements };
}
