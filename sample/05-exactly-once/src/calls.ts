import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { StepExecution } from 'nest-saga';
import { HandlerCall } from './bank.js';

/** A place in a handler: the process is killed there. */
export interface Place {
  readonly transferId: string;
  readonly step: string;
}

/** Notes that handlers are called, and stops in the one in which this process is to be killed. */
export class Calls {
  constructor(
    private readonly database: DataSource,
    private readonly killedIn?: Place,
  ) {}

  /** Not through the step's transaction: what is noted here stays, whatever becomes of that. */
  async note({ sagaId, stepName }: StepExecution): Promise<void> {
    await this.database.manager.insert(HandlerCall, { transferId: sagaId, step: stepName, process: process.pid });
  }

  /** What the handler had to do is done, and nothing is committed yet. */
  async done({ sagaId, stepName }: StepExecution): Promise<void> {
    if (this.killedIn?.transferId !== sagaId || this.killedIn.step !== stepName) return;
    process.send?.('stuck');
    await sleep(60_000);
  }
}
