import { InvalidSagaContextError, type ContextProblem } from '../errors/invalid-saga-context-error.js';
import { isSchema, type ContextClass, type ContextType } from './context-type.js';
import { instantiateContext } from './instantiate-context.js';
import { kindOf } from './object-kind.js';
import {
  loadClassTransformer,
  loadClassValidator,
  type ClassTransformer,
  type ClassValidator,
} from './optional-package.js';
import type { StandardSchema, StandardSchemaResult } from './standard-schema.js';
import { problemsOfIssues, problemsOfValidation } from './validation-problems.js';

/** For which saga a context is checked; both go into the error. */
export interface ValidationInfo {
  /** The saga definition's name. */
  readonly saga: string;
  readonly sagaId?: string;
}

/**
 * Checks contexts when a saga starts, and at no other time: a stored context is restored, not validated again.
 *
 * - a class: a plain object becomes an instance first (by class-transformer where it is installed); then class-validator's
 *   decorators are asked, where it has them;
 * - a Standard Schema: asked, and what it gives out is the context;
 * - nothing: every object will do.
 */
export class ContextValidation {
  private transformer: ClassTransformer | undefined;
  private validator: ClassValidator | undefined;

  /** Loads what the given context types need of the optional packages. Awaited once when the application starts. */
  async prepare(contextTypes: readonly ContextType[]): Promise<void> {
    if (contextTypes.every(isSchema)) return;
    [this.transformer, this.validator] = await Promise.all([loadClassTransformer(), loadClassValidator()]);
  }

  /**
   * The context to start with, as a promise only where something has to be waited for. What the caller gave is never
   * changed, but may be given back as it is.
   *
   * @throws InvalidSagaContextError naming each property that is wrong
   */
  prepareContext(type: ContextType | undefined, value: unknown, info: ValidationInfo): object | Promise<object> {
    if (type !== undefined && isSchema(type)) return this.askSchema(type, value, info);
    const given = checkObject(value, info);
    return type === undefined ? given : this.askClass(type, given, info);
  }

  private askClass(type: ContextClass, given: object, info: ValidationInfo): object | Promise<object> {
    const made = given instanceof type ? { context: given } : instantiateContext(type, given, this.transformer);
    if ('problem' in made) throw invalid(info, [made.problem], made.cause);
    if (!this.validator || !hasRules(this.validator, type)) return made.context;
    return this.validate(this.validator, made.context, info);
  }

  private async validate(validator: ClassValidator, context: object, info: ValidationInfo): Promise<object> {
    // class-validator's own default, which says that an object without rules is invalid, is wrong for nested plain data.
    const errors = await validator.validate(context, { forbidUnknownValues: false });
    if (errors.length > 0) throw invalid(info, problemsOfValidation(errors));
    return context;
  }

  private askSchema(
    type: StandardSchema<unknown, object>,
    value: unknown,
    info: ValidationInfo,
  ): object | Promise<object> {
    const check = (result: StandardSchemaResult<object>): object => {
      if (result.issues) throw invalid(info, problemsOfIssues(result.issues));
      return checkObject(result.value, info);
    };
    const answer = type['~standard'].validate(value);
    return 'then' in answer ? Promise.resolve(answer).then(check) : check(answer);
  }
}

/** A context holds named values; a list, a map or a date would have nowhere to put more of them. */
function checkObject(value: unknown, info: ValidationInfo): object {
  const object = typeof value === 'object' && value !== null ? value : undefined;
  const kind = object && kindOf(object);
  if (object && (kind === 'plain' || kind === 'dictionary' || kind === 'instance')) return object;
  throw invalid(info, [
    { path: '', message: `the context must be an object, not ${kind ?? (value === null ? 'null' : typeof value)}` },
  ]);
}

function hasRules(validator: ClassValidator, type: ContextClass): boolean {
  return validator.getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0;
}

function invalid(
  { saga, sagaId }: ValidationInfo,
  problems: readonly ContextProblem[],
  cause?: unknown,
): InvalidSagaContextError {
  return new InvalidSagaContextError(saga, problems, { ...(sagaId !== undefined && { sagaId }), cause });
}
