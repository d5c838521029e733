import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { SagaStorage } from 'nest-saga';
import { SCHEMA } from '../../postgres-schema.js';

/** What a customer sends, and what is to happen to it. */
export interface Order {
  readonly orderId: string;
  readonly items: readonly string[];
  readonly amount: number;
  readonly address: string;
  readonly simulate: { readonly delayMs: number; readonly failAt?: 'ship-order' };
}

/** One instance of the application, in a process of its own. */
export class ReplicaProcess {
  private constructor(
    readonly name: string,
    /** Under which it writes into the logs of sagas. */
    readonly worker: string,
    private readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(name: string, { storage, books }: { storage: SagaStorage; books: string }) {
    const known = new Set((await storage.workers()).map(({ id }) => id));
    // replica.ts from source, replica.js when compiled.
    const file = path.join(import.meta.dirname, `replica${path.extname(import.meta.filename)}`);
    const child = fork(file, { env: { ...process.env, SAGA_SCHEMA: SCHEMA, SAGA_DB: books } });
    const [url] = (await once(child, 'message')) as [string];
    const worker = (await storage.workers()).find(({ id }) => !known.has(id));
    if (worker === undefined) throw new Error(`Replica ${name} has not registered.`);
    return new ReplicaProcess(name, worker.id, url, child);
  }

  /** @throws when nobody answers: whether the order has arrived is not known then. */
  async place(order: Order): Promise<void> {
    const response = await fetch(`${this.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    if (!response.ok) throw new Error(`Replica ${this.name} answers ${response.status}: ${await response.text()}`);
  }

  /** As a machine that loses its power. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  /** As a deploy: what runs may end, the rest is given up to the others. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }
}
