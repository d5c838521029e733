import type { StepExecution } from 'nest-saga';

/**
 * The key under which this step's act was done. To undo by it works also when nobody knows whether the act happened, and
 * so there is no result to undo by.
 */
export function actKeyOf({ sagaId, stepName }: StepExecution): string {
  return `${sagaId}:${stepName}:act`;
}
