/**
 * Defining sagas, running them, and what a storage is made of.
 *
 * @module nest-saga
 */
export { SagaModule } from './saga.module.js';
export type { LeaseOptions, RecoveryOptions, SagaModuleOptions, ShutdownOptions } from './saga-module-options.js';

// Definitions
export { Saga } from './definition/saga.decorator.js';
export type { SagaOptions, SagaOptionsWithContext, SagaOptionsWithoutContext } from './definition/saga.decorator.js';
export { SagaStep } from './definition/saga-step.decorator.js';
export type {
  CompensatableStepOptions,
  PivotStepOptions,
  ReadonlyStepOptions,
  RetriableStepOptions,
  SagaStepOptions,
} from './definition/saga-step.decorator.js';
export { SagaDefinition } from './definition/saga-definition.js';
export type { AnySagaClass, ContextOf, SagaClass } from './definition/saga-definition.js';
export type {
  ActOutcome,
  PivotStepHandler,
  ReadonlyStepHandler,
  RetriableStepHandler,
  SagaStepHandler,
  StepClass,
  StepExecution,
  StepHandler,
  StepReturn,
  TransactionalExecution,
} from './definition/step-handler.js';
export { fallback } from './definition/fallback.js';
export type { ExecutionPolicy, FallbackNode, FallbackOptions, SagaNode } from './definition/fallback.js';
export type { DefinitionChangePolicy, StepKind } from './definition/plan.js';
export type {
  CompensationOptions,
  CompensationPolicy,
  ExhaustedPolicy,
  RetryPolicy,
  RetrySchedule,
} from './definition/retry-policy.js';
export { toMermaid } from './definition/to-mermaid.js';
export type { MermaidOptions } from './definition/to-mermaid.js';
export type { SagaPicture } from './definition/saga-picture.js';
export type { StepState } from './definition/step-state.js';

// Running
export { SagaRunner } from './engine/saga-runner.js';
export type { StartOptions, BackgroundStartOptions } from './engine/saga-runner.js';
export { SagaHandle } from './engine/saga-handle.js';
export { sagaMessages } from './engine/saga-messages.js';
export type { CancelOptions, ResolveOptions, WatchOptions } from './engine/saga-handle.js';
export type { SagaView, StepView } from './engine/saga-view.js';
export type { RecoveryReport, SagaOutcome } from './engine/recovery.js';
export type { SagaEvent, SagaEventType } from './events/saga-event.js';
export { toMessageEvent } from './events/to-message-event.js';

// Enhancers
export { SagaExecutionContext } from './enhancers/saga-execution-context.js';
export type { SagaContextType } from './enhancers/saga-execution-context.js';
export type { SagaRequest } from './enhancers/saga-request.js';
export type { StepArguments } from './enhancers/step-arguments.js';
export type { ParameterPipe, StepParameterDecorator } from './enhancers/step-parameter.js';
export { Execution } from './enhancers/execution.decorator.js';
export { SagaContext } from './enhancers/saga-context.decorator.js';
export { StepResult } from './enhancers/step-result.decorator.js';

// Contexts
export { SagaSerializer } from './context/saga-serializer.js';
export type { SerializationInfo } from './context/saga-serializer.js';
export { JsonSagaSerializer } from './context/json-saga-serializer.js';
export type { JsonSagaSerializerOptions } from './context/json-saga-serializer.js';
export type { CodecInfo, SagaCodec } from './context/saga-codec.js';
export type { ContextClass, ContextType } from './context/context-type.js';
export type { StandardSchema, StandardSchemaIssue, StandardSchemaResult } from './context/standard-schema.js';

// Storage
export { SagaStorage } from './storage/saga-storage.js';
export type * from './storage/saga-changes.js';
export type * from './storage/saga-queries.js';
export type * from './storage/saga-storage.js';
export type * from './storage/worker-beat.js';
export type * from './storage/hint-topic.js';
export { SAGA_STATUSES, isFinal } from './storage/saga-record.js';
export type {
  LoadedSaga,
  PlanShape,
  PlanShapeNode,
  SagaRecord,
  SagaStatus,
  SagaSummary,
} from './storage/saga-record.js';
export type * from './storage/log-entry.js';
export type { JsonValue } from './storage/json-value.js';
export type { OperatorRequest } from './storage/operator-request.js';
export type { StoredError } from './storage/stored-error.js';
export { InMemorySagaStorage } from './storage/memory/in-memory-saga-storage.js';
export type { InMemorySagaStorageOptions } from './storage/memory/in-memory-saga-storage.js';
// for storages of others
export { checkQuery } from './storage/checked-query.js';
export type { CheckedQuery } from './storage/checked-query.js';
export { decodeCursor, encodeCursor } from './storage/page-cursor.js';
export type { PageCursor } from './storage/page-cursor.js';

// Errors
export { ContextTooLargeError } from './errors/context-too-large-error.js';
export type { ValueKind } from './errors/describe-value.js';
export { DefinitionChangedError } from './errors/definition-changed-error.js';
export { ExecutionEndedError } from './errors/execution-ended-error.js';
export { HandlerMissingError } from './errors/handler-missing-error.js';
export { InvalidQueryError } from './errors/invalid-query-error.js';
export { InvalidSagaContextError } from './errors/invalid-saga-context-error.js';
export type { ContextProblem } from './errors/invalid-saga-context-error.js';
export { InvalidSagaIdError } from './errors/invalid-saga-id-error.js';
export { NonRetryableError } from './errors/non-retryable-error.js';
export { OutcomeUnknownError } from './errors/outcome-unknown-error.js';
export { RequestRefusedError } from './errors/request-refused-error.js';
export { SagaCancelledError } from './errors/saga-cancelled-error.js';
export { SagaClosedError } from './errors/saga-closed-error.js';
export { SagaConfigurationError } from './errors/saga-configuration-error.js';
export { SagaConflictError } from './errors/saga-conflict-error.js';
export { SagaDeadlineError } from './errors/saga-deadline-error.js';
export { SagaError } from './errors/saga-error.js';
export type { SagaErrorDetails } from './errors/saga-error.js';
export { SagaInterruptedError } from './errors/saga-interrupted-error.js';
export type { InterruptionReason } from './errors/saga-interrupted-error.js';
export { SagaNotFoundError } from './errors/saga-not-found-error.js';
export { SagaNotStartedError } from './errors/saga-not-started-error.js';
export { StaleSagaError } from './errors/stale-saga-error.js';
export { StepTimeoutError } from './errors/step-timeout-error.js';
export { StorageNotMigratedError } from './errors/storage-not-migrated-error.js';
export { StorageRejectedError } from './errors/storage-rejected-error.js';
export { StorageUnavailableError } from './errors/storage-unavailable-error.js';
export type { UnavailableReason } from './errors/storage-unavailable-error.js';
export { StorageVersionError } from './errors/storage-version-error.js';
export { StreamEndedError } from './errors/stream-ended-error.js';
export { SaveInTransactionError } from './errors/save-in-transaction-error.js';
export { TransactionBrokenError } from './errors/transaction-broken-error.js';
export { TransactionEndedError } from './errors/transaction-ended-error.js';
export { UnknownSagaError } from './errors/unknown-saga-error.js';
export { UnreadableSagaError } from './errors/unreadable-saga-error.js';
export { UnreadableValueError } from './errors/unreadable-value-error.js';
export { UnserializableValueError } from './errors/unserializable-value-error.js';
