import type { Phase } from '../storage/log-entry.js';
import { SagaError } from './saga-error.js';

/**
 * An attempt took longer than its `timeout`. Nobody can tell whether it still takes effect: the outcome of an act is
 * `unknown`, so that it is undone.
 */
export class StepTimeoutError extends SagaError {
  readonly code = 'SAGA_STEP_TIMEOUT';
  declare readonly step: string;
  /** Which of its two actions took too long. */
  readonly phase: Phase;
  /** Milliseconds. */
  readonly timeout: number;

  constructor({ sagaId, step, phase, timeout }: { sagaId: string; step: string; phase: Phase; timeout: number }) {
    super(
      `${phase} of step ${step} of saga '${sagaId}' did not end within ${String(timeout)} ms; whether it took effect ` +
        'is unknown. Give it more time by `timeout`, and let it stop when `execution.signal` aborts.',
      { sagaId, step },
    );
    this.phase = phase;
    this.timeout = timeout;
  }
}
