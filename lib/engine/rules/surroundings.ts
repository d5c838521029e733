import type { OperatorRequest } from '../../storage/operator-request.js';

/** Everything that a decision needs beyond plan and log. It comes in from outside, so that deciding stays pure. */
export interface Surroundings {
  /** The storage's clock, ms. */
  readonly now: number;
  /** The application is closing: what is in flight is written down, nothing new starts. */
  readonly closing: boolean;
  /** Operators' requests that are not answered yet. */
  readonly requests: readonly OperatorRequest[];
  /** Somebody asked for this saga now: failed compensations are tried again before their time. */
  readonly eager: boolean;
  /** How often recovery may set a saga going that makes no progress. */
  readonly maxAttempts: number;
  /** Milliseconds until recovery opens the round after this one. */
  readonly roundDelay: (round: number) => number;
  /** Whether the code still has the plan that the saga was created with. */
  readonly definition: 'current' | 'changed';
  /** Whether the code here has no compensation for this step. */
  readonly isMissing: (step: string) => boolean;
}
