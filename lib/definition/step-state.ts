/**
 * Where a step of one saga stands:
 *
 * - `pending`: nothing has started; `running`: its act runs, or waits for another attempt.
 * - `completed`, `failed`, `unknown`: how its act ended, with nothing undone so far.
 * - `compensating`, `compensated`, `compensation-failed`: how far undoing it has come.
 * - `skipped`: an operator has resolved it.
 */
export type StepState =
  | 'pending'
  | 'running'
  | 'completed'
  | 'failed'
  | 'unknown'
  | 'compensating'
  | 'compensated'
  | 'compensation-failed'
  | 'skipped';
