import { ConflictException } from '@nestjs/common';
import type { OperatorRequest } from '../storage/operator-request.js';
import { httpBody } from './http-body.js';
import { brandSagaError, type SagaError } from './saga-error.js';

/** An operator's cancel, retry or resolve came too late or does not fit the saga's state. Nest answers with 409. */
export class RequestRefusedError extends ConflictException implements SagaError {
  readonly code = 'SAGA_REQUEST_REFUSED';
  readonly sagaId: string;
  /** What was asked for. */
  readonly type: OperatorRequest['type'];
  /** The reason, as a sentence. */
  readonly why: string;

  constructor({ sagaId, type, why }: { sagaId: string; type: OperatorRequest['type']; why: string }) {
    super(httpBody([409, 'Conflict'], 'SAGA_REQUEST_REFUSED', `Saga '${sagaId}' refused to be ${DONE[type]}: ${why}`));
    this.sagaId = sagaId;
    this.type = type;
    this.why = why;
    brandSagaError(this);
  }
}

const DONE: Record<OperatorRequest['type'], string> = { cancel: 'cancelled', retry: 'retried', resolve: 'resolved' };
