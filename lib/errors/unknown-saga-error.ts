import { SagaError } from './saga-error.js';

/** This application has no such saga definition. Nothing was stored. */
export class UnknownSagaError extends SagaError {
  readonly code = 'SAGA_UNKNOWN';

  /** For a name; `suggestion` is the registered name that comes closest. */
  static ofName(name: string, suggestion: string | undefined): UnknownSagaError {
    const hint = suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`;
    return new UnknownSagaError(
      `There is no saga named '${name}' in this application.${hint} A saga is a class marked @Saga() among the \`providers\` of a module.`,
    );
  }

  /** For a class that is not marked `@Saga()`, or is no provider. */
  static ofClass(type: { readonly name: string }): UnknownSagaError {
    return new UnknownSagaError(
      `${type.name} is no saga of this application: mark it with @Saga() and add it to the \`providers\` of a module.`,
    );
  }
}
