import type { RegisteredSaga } from '../discovery/registered-saga.js';
import type { RegisteredStep } from '../discovery/registered-step.js';
import type { StepAttempt } from './step-attempt.js';

/** What the engine wants called: one phase of one step, through all enhancers. */
export interface StepCall {
  readonly saga: RegisteredSaga;
  readonly step: RegisteredStep;
  readonly attempt: StepAttempt;
  /** The context of this attempt, which the handler may change. */
  readonly context: object;
  /** In `compensate`: what the act returned, if that is known. */
  readonly result?: unknown;
  /** Identifies the saga's execution in this process: request-scoped steps live as long as it does. */
  readonly scope: object;
}
