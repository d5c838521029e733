import type { SagaStorage } from 'nest-saga';
import type { AppendRow } from '../floors/order-log.js';
import type { OrderStep } from '../order-saga.js';

/** A database server as the cases see it. One file each in this folder; its floor is in `bench/floors`. */
export interface BenchServer {
  /** As the names of its cases begin. */
  readonly name: string;
  /** A database, or what comes closest to it, that nobody else uses and that is as durable as the server is by default. */
  create(): Promise<BenchDatabase>;
  /** The one that another process has created, by its `address`. */
  open(address: string): BenchDatabase;
}

export interface BenchDatabase {
  /** Where another process finds it. */
  readonly address: string;
  /** A storage as an application would make it, with connections of its own. */
  storage(): SagaStorage;
  /** The hand-written log on this server, with tables of its own. */
  floor(steps: readonly OrderStep[]): Promise<AppendRow>;
  /** How many writes of which kind its counters have seen so far. */
  counters(): Promise<Readonly<Record<string, number>>>;
  /** Ends its connections. Who created it also leaves nothing of it. */
  close(): Promise<void>;
}
