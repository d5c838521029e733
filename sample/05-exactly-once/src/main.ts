import 'reflect-metadata';
import { dropSchema, makeSchema } from '../../postgres-schema.js';
import { dataSource } from './database.js';
import { orderInTransactions } from './order.js';
import { play, report, type Story } from './story.js';

const stories: readonly Story[] = [
  {
    title: 'Killed when "credit" had written its row, and before the commit',
    transferId: 'transfer-1',
    transfer: { from: 'alice', to: 'bob', cents: 4_200 },
    killedIn: 'credit',
  },
  {
    title: 'Killed behind the commit of "credit"',
    transferId: 'transfer-2',
    transfer: { from: 'alice', to: 'bob', cents: 700 },
    killedIn: 'send-receipt',
  },
];

process.exitCode = (await makeSchema()) && (await show()) ? 0 : 1;

/** Tells whether everything has happened exactly once. */
async function show(): Promise<boolean> {
  const database = await dataSource().initialize();
  try {
    await database.synchronize();
    const results: boolean[] = [];
    for (const story of stories) {
      await play(story);
      results.push(await report(story, database));
    }
    results.push(await orderInTransactions(database));
    return results.every(Boolean);
  } finally {
    await database.destroy();
    await dropSchema();
  }
}
