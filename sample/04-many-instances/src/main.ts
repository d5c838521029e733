import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SagaModule, SagaRunner } from 'nest-saga';
import { lastValueFrom } from 'rxjs';
import { dropSchema, makeSchema } from '../../postgres-schema.js';
import { balanceBooks } from './balance.js';
import { openPool, sagaStorage } from './database.js';
import { storyOf } from './order-story.js';
import { orders, placeOrders } from './place-orders.js';
import { ReplicaProcess } from './replica-process.js';
import { printBalances, printReplicas, printTakeovers } from './report.js';

process.exitCode = (await makeSchema()) && (await play()) ? 0 : 1;

/** Tells whether all books are balanced at the end. */
async function play(): Promise<boolean> {
  const pool = openPool();
  const storage = sagaStorage(pool);
  // This process only looks on: it runs no saga, and knows no definition.
  @Module({ imports: [SagaModule.forRoot({ storage, recovery: { enabled: false } })] })
  class LookerOn {}
  const app = await NestFactory.createApplicationContext(LookerOn, { logger: ['warn', 'error'] });
  const directory = await mkdtemp(path.join(tmpdir(), 'nest-saga-instances-'));
  const books = path.join(directory, 'books.db');
  const replicas: ReplicaProcess[] = [];
  try {
    for (const name of ['A', 'B', 'C']) replicas.push(await ReplicaProcess.start(name, { storage, books }));
    console.log(`\nThree replicas run, and get ${orders.length} orders in turn.`);
    const killed = replicas[1]!;
    let killedAt = new Date();
    let killing: Promise<void> = Promise.resolve();
    await placeOrders(replicas, () => {
      killedAt = new Date();
      killing = killed.kill();
    });
    await killing;
    console.log(`Replica ${killed.name} was killed in the middle of it (SIGKILL). The others take its orders over …`);

    // Each saga is followed to its end, whichever replica runs it by then.
    const sagas = app.get(SagaRunner);
    await Promise.all(orders.map(({ orderId }) => lastValueFrom(sagas.watch(orderId))));
    const logs = await Promise.all(orders.map(({ orderId }) => storage.history(orderId)));
    const stories = logs.map((log, i) => storyOf(orders[i]!.orderId, log, replicas));
    printTakeovers(stories, killedAt);
    printReplicas(stories, { replicas, killed });
    return printBalances(stories, balanceBooks(books, stories));
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await app.close();
    await pool.end();
    await dropSchema();
    await rm(directory, { recursive: true });
  }
}
