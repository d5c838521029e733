import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Phase, StepExecution } from 'nest-saga';

/** Something that a step did to the world outside. */
export interface Effect {
  readonly sagaId: string;
  readonly step: string;
  readonly phase: Phase;
  readonly attempt: number;
  readonly key: string;
  readonly pid: number;
  /** This host's clock, ms. */
  readonly at: number;
}

/**
 * The world outside: a file that no crash of a worker loses a line of, since what a process has written stays with the
 * kernel when the process is killed.
 */
export class EffectLedger {
  constructor(private readonly file: string) {}

  note({ sagaId, stepName, phase, attempt, idempotencyKey }: StepExecution): void {
    const effect: Effect = {
      sagaId,
      step: stepName,
      phase,
      attempt,
      key: idempotencyKey,
      pid: process.pid,
      at: Date.now(),
    };
    appendFileSync(this.file, `${JSON.stringify(effect)}\n`);
  }

  read(): readonly Effect[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Effect);
  }
}
