import { BadRequestException } from '@nestjs/common';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError, type SagaErrorDetails } from './saga-error.js';

/** What is wrong with one property of a context. */
export interface ContextProblem {
  /** `items[2].price`; empty for the context itself. */
  readonly path: string;
  /** What is wrong with it, for people. */
  readonly message: string;
}

/**
 * A saga was not started because its context is not what its definition asks for. Nothing was stored. Nest answers
 * with 400 and a body that names the properties.
 */
export class InvalidSagaContextError extends BadRequestException implements SagaError {
  readonly code = 'SAGA_INVALID_CONTEXT';
  readonly sagaId?: string;
  readonly step?: string;
  /** All of them, in the order in which the class or schema found them. */
  readonly problems: readonly ContextProblem[];

  constructor(sagaName: string, problems: readonly ContextProblem[], { cause, sagaId, step }: SagaErrorDetails = {}) {
    const lines = problems.map(describe);
    super(httpBody([400, 'Bad Request'], 'SAGA_INVALID_CONTEXT', lines), { cause });
    this.message =
      `The context given to saga ${sagaName} is invalid, so it was not started: ${lines.join('; ')}. ` +
      'Nothing was stored; correct the context and start it again.';
    this.problems = problems;
    if (sagaId !== undefined) this.sagaId = sagaId;
    if (step !== undefined) this.step = step;
    brandSagaError(this);
  }
}

/** Many validators name the property themselves; those that do not need it said. */
function describe({ path, message }: ContextProblem): string {
  return path === '' || ` ${message} `.includes(` ${path} `) ? message : `${path}: ${message}`;
}
