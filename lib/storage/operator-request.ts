/**
 * What an operator asks of a saga. It is stored beside the saga, outside its version, so that no operator ever fights
 * a live worker for it: the owner answers it with its next write, and where there is no owner a claim does.
 */
export interface OperatorRequest {
  /** A UUID, which the entry that answers it names. */
  readonly id: string;
  /** The saga that is asked. */
  readonly sagaId: string;
  /** `cancel`: turn back. `retry`: open the next round of compensation. `resolve`: take a step for undone. */
  readonly type: 'cancel' | 'retry' | 'resolve';
  /** The step to resolve; absent for the other types. */
  readonly step?: string;
  /** Why; of a `resolve`, what was done about it outside. */
  readonly reason?: string;
  /** Who asks. */
  readonly by?: string;
}
