import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Effects, saga, startApplication, step, type Application } from '../e2e/application.js';
import { Gate, eventually } from '../e2e/eventually.js';
import { crowdedMysql, crowdedPostgres, crowdedRedis, type CrowdedDatabase } from '../harness/crowded-database.js';
import { whereThereIsMysql } from '../harness/mysql-server.js';
import { OWN_DATABASES, whereItStarts } from '../harness/own-databases.js';
import { whereThereIsPostgres } from '../harness/postgres-server.js';

// What a storage says of its server's settings is not what these tests are about.
Logger.overrideLogger(false);

const TITLE = 'connections that somebody else holds';

await whereThereIsPostgres(`${TITLE}, on PostgreSQL,`, () => describeCrowd('on PostgreSQL', crowdedPostgres));
await whereThereIsMysql(`${TITLE}, on MariaDB,`, () => describeCrowd('on MariaDB', crowdedMysql));
whereItStarts(OWN_DATABASES.redis, () => describeCrowd('of the server', crowdedRedis));

function describeCrowd(where: string, create: () => Promise<CrowdedDatabase>): void {
  describe(`${TITLE}, ${where}`, () => {
    let database: CrowdedDatabase;
    let effects: Effects;
    let gate: Gate;
    let application: Application | undefined;
    beforeEach(async () => {
      database = await create();
      effects = new Effects();
      gate = new Gate();
    });
    afterEach(async () => {
      await application?.close();
      await database.drop();
    });

    async function start(lease: number) {
      const S = saga('S', [step(effects, 'a', { act: () => gate.passed }), step(effects, 'b')]);
      application = await startApplication([S], { storage: database.storage, lease: { duration: lease } });
      const handle = await application.runner.start(S, {}, { id: 's' });
      await eventually(() => expect(effects.log).toEqual(['a']));
      return handle;
    }

    describe('for a shorter time than the lease', () => {
      it('keeps sagas waiting, and nothing is done twice', async () => {
        const handle = await start(60_000);
        const giveBack = await database.holdAll();
        gate.open();
        await eventually(() => expect(database.isWaiting()).toBe(true));
        await giveBack();
        expect(await handle.result()).toEqual({});
        expect(effects.log).toEqual(['a', 'b']);
      });
    });

    describe('for a longer time than the lease', () => {
      it('ends the lease; the worker goes on under a new one, and nothing is lost', async () => {
        // A registration may wait for a connection as long as the lease before it took to expire, and must not be over by then.
        const handle = await start(3_000);
        const before = await database.observer.workers();
        const giveBack = await database.holdAll();
        gate.open();
        await eventually(async () => expect(await database.observer.workers()).toEqual([]));
        await giveBack();
        await eventually(async () => expect((await handle.record()).status).toBe('COMPLETED'), 20_000);
        const after = await database.observer.workers();
        expect(before).toHaveLength(1);
        expect(after).toHaveLength(1);
        expect(after[0]?.id).not.toBe(before[0]?.id);
        expect(effects.count('b')).toBe(1);
      }, 30_000);
    });
  });
}
