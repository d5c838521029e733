import { stepOptionsOf } from './definition-metadata.js';
import {
  anything,
  flag,
  nonEmptyText,
  oneOf,
  optionMistakes,
  timerLength,
  type OptionChecks,
} from './option-mistakes.js';
import { compensationMistakes, retryMistakes } from './retry-mistakes.js';
import type { RetryPolicy } from './retry-policy.js';
import type { SagaStepOptions } from './saga-step.decorator.js';
import type { StepClass } from './step-handler.js';

/** A provider of a step. */
export interface StepProvider {
  /** The name of the module that provides it. */
  readonly module: string;
  /** Where its `act` and `compensate` are found: its instance, or its prototype where there is none yet. */
  readonly handler: object;
}

/** What is known of a step's class, apart from the sagas that name it. */
export interface StepFacts {
  readonly type: StepClass<never>;
  /** Everything that provides it; exactly one is right. */
  readonly providers: readonly StepProvider[];
  /** The saga that names it (the first one), and where that one is provided. */
  readonly usedBy: { readonly saga: string; readonly module: string };
  /** The storage's answer to `transactional`. */
  readonly storage: {
    readonly name: string;
    readonly transactions: boolean;
    readonly transactionsRefused?: string | undefined;
  };
}

const OPTIONS: OptionChecks = {
  name: nonEmptyText,
  kind: oneOf('compensatable', 'pivot', 'retriable', 'readonly'),
  timeout: timerLength,
  retry: anything,
  compensation: anything,
  compensateOnFailure: flag,
  transactional: flag,
  scope: anything,
};

/** What is wrong with a step, whatever its place: not marked, not provided, a phase too few or too many, options. */
export function stepMistakes(step: StepFacts): string[] {
  const options = stepOptionsOf(step.type);
  if (options === undefined) {
    return [`${step.type.name}, a step of ${step.usedBy.saga}, is not marked @SagaStep()`];
  }
  return [
    ...providerMistakes(step),
    ...step.providers.slice(0, 1).flatMap(({ handler }) => handlerMistakes(step.type.name, options, handler)),
    ...stepOptionMistakes(step, options),
  ];
}

function providerMistakes({ type, providers, usedBy }: StepFacts): string[] {
  if (providers.length === 1) return [];
  if (providers.length === 0) {
    return [`${type.name}, a step of ${usedBy.saga}, is no provider: add it to \`providers\` of ${usedBy.module}`];
  }
  const modules = providers.map(({ module }) => module).join(' and ');
  return [`${type.name} is provided by ${modules}: leave it in one of them, so that it is clear which one acts`];
}

function handlerMistakes(name: string, { kind }: SagaStepOptions, handler: object): string[] {
  const mistakes: string[] = [];
  if (!hasMethod(handler, 'act')) mistakes.push(`${name} has no \`act\``);
  const compensates = hasMethod(handler, 'compensate');
  if (isForwardOnly(kind)) {
    if (compensates)
      mistakes.push(`${name} is ${kind} and is never undone: remove its \`compensate\`, or its \`kind\``);
  } else if (!compensates) {
    mistakes.push(
      `${name} has no \`compensate\`: write one, or say @SagaStep({ kind }) 'pivot', 'retriable' or 'readonly' of it`,
    );
  }
  return mistakes;
}

function hasMethod(handler: object, method: 'act' | 'compensate'): boolean {
  return typeof (handler as Partial<Record<typeof method, unknown>>)[method] === 'function';
}

function isForwardOnly(kind: SagaStepOptions['kind']): kind is 'pivot' | 'retriable' | 'readonly' {
  return kind === 'pivot' || kind === 'retriable' || kind === 'readonly';
}

function stepOptionMistakes({ type, storage }: StepFacts, options: SagaStepOptions): string[] {
  const where = `@SagaStep() of ${type.name}`;
  const { kind } = options;
  // The decorator's types forbid much of this; what was written in JavaScript, or cast, is looked at all the same.
  const retry: RetryPolicy | undefined = options.retry;
  const mistakes = [
    ...optionMistakes(where, options, OPTIONS),
    ...retryMistakes(where, retry),
    ...compensationMistakes(where, options.compensation),
  ];
  if (kind === 'retriable' && retry?.retryCount !== undefined) {
    mistakes.push(`${where}: \`retryCount\` does not go with kind 'retriable', which is acted until it succeeds`);
  }
  for (const option of ['compensation', 'compensateOnFailure'] as const) {
    if (isForwardOnly(kind) && options[option] !== undefined) {
      mistakes.push(`${where}: \`${option}\` does not go with kind '${kind}', which is never undone`);
    }
  }
  // As TypeScript knows it, there is no such step.
  if (kind === 'readonly' && (options.transactional as boolean | undefined) === true) {
    mistakes.push(
      `${where}: \`transactional\` does not go with kind 'readonly': what it writes would never be undone; leave one of them out`,
    );
  }
  if (options.transactional === true && !storage.transactions) {
    mistakes.push(
      `${where}: \`transactional\` needs a storage whose transactions steps can share; ${storage.name} has none`,
    );
  }
  if (options.transactional === true && storage.transactions && storage.transactionsRefused !== undefined) {
    mistakes.push(`${where}: \`transactional\` cannot work, because ${storage.transactionsRefused}`);
  }
  return mistakes;
}
