import { isSchema, type ContextType } from '../context/context-type.js';
import {
  aboveZero,
  anything,
  callback,
  nonEmptyText,
  oneOf,
  optionMistakes,
  shown,
  wholeNumber,
  type OptionCheck,
  type OptionChecks,
} from './option-mistakes.js';
import { compensationMistakes } from './retry-mistakes.js';
import type { SagaOptions } from './saga.decorator.js';
import { sequenceMistakes } from './sequence-mistakes.js';

const contextType: OptionCheck = (value) =>
  typeof value === 'function' || (typeof value === 'object' && value !== null && isSchema(value as ContextType))
    ? undefined
    : `must be a class or a Standard Schema (zod, valibot, arktype …), not ${shown(value)}`;

const OPTIONS: OptionChecks = {
  name: nonEmptyText,
  version: wholeNumber,
  context: contextType,
  steps: anything,
  compensation: anything,
  deadline: aboveZero,
  onDefinitionChange: oneOf('hold', 'compensate'),
};

const policy: OptionCheck = (value) =>
  typeof value === 'object' && value !== null && 'execute' in value && typeof value.execute === 'function'
    ? undefined
    : `must have a method \`execute(fn)\`, as cockatiel's policies have`;

const FALLBACK: OptionChecks = { type: anything, primary: anything, backup: anything, on: callback, policy };

/** What is wrong with one saga, apart from its steps' own mistakes: its options, the shape and the order of its plan. */
export function sagaMistakes(saga: string, options: SagaOptions): string[] {
  const where = `@Saga() of ${saga}`;
  const shape = shapeMistakes(saga, options.steps);
  return [
    ...optionMistakes(where, options, OPTIONS),
    ...compensationMistakes(where, options.compensation),
    ...shape,
    ...(shape.length === 0 ? sequenceMistakes(saga, options.steps) : []),
  ];
}

/** Whether the plan consists of classes and fallbacks all through, so that it can be walked. */
export function isWellFormed({ steps }: SagaOptions): boolean {
  return shapeMistakes('', steps).length === 0;
}

function shapeMistakes(saga: string, steps: unknown): string[] {
  if (!Array.isArray(steps))
    return [`@Saga() of ${saga}: \`steps\` must be an array of step classes, not ${shown(steps)}`];
  return steps.flatMap((node: unknown, i) => nodeMistakes(saga, node, `steps[${String(i)}]`));
}

function nodeMistakes(saga: string, node: unknown, place: string): string[] {
  if (typeof node === 'function') return [];
  if (node === undefined) {
    return [
      `@Saga() of ${saga}: \`${place}\` is undefined; do two files import each other, so that its class is not there yet?`,
    ];
  }
  if (!isFallback(node)) {
    return [`@Saga() of ${saga}: \`${place}\` must be a step class or a fallback(), not ${shown(node)}`];
  }
  return [
    ...optionMistakes(`@Saga() of ${saga}, fallback at ${place}`, node, FALLBACK),
    ...nodeMistakes(saga, node.primary, `${place}.primary`),
    ...nodeMistakes(saga, node.backup, `${place}.backup`),
  ];
}

function isFallback(node: unknown): node is { readonly primary?: unknown; readonly backup?: unknown } {
  return typeof node === 'object' && node !== null && 'type' in node && node.type === 'fallback';
}
