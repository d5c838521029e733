/**
 * What `@Inject(REQUEST)` gives in request-scoped providers of a step: the saga, never an HTTP request, because a saga
 * that is recovered in another process has none. What a step needs of a request belongs into the saga's context.
 */
export interface SagaRequest {
  /** The saga's id. */
  readonly sagaId: string;
  /** The name of the saga definition. */
  readonly sagaName: string;
}
