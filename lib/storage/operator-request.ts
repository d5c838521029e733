/**
 * What an operator asks of a saga. It is stored beside the saga, outside its version, so that no operator ever fights
 * a live worker for it: the owner answers it with its next write, and where there is no owner a claim does.
 */
export interface OperatorRequest {
  readonly id: string;
  readonly sagaId: string;
  readonly type: 'cancel' | 'retry' | 'resolve';
  /** The step to resolve. */
  readonly step?: string;
  readonly reason?: string;
  readonly by?: string;
}
