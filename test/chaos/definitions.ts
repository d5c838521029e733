import type { CompensationOptions } from 'nest-saga';
import { Random } from './random.js';

export type StepKind = 'compensatable' | 'pivot' | 'retriable' | 'readonly';

export interface StepSpec {
  readonly name: string;
  readonly kind: StepKind;
  readonly timeout?: number;
  readonly retryCount: number;
  readonly compensation: CompensationOptions;
  readonly compensateOnFailure: boolean;
  /** It writes a row of the application in the transaction of its completion, instead of a line into the ledger. */
  readonly transactional: boolean;
}

export interface SagaSpec {
  readonly name: string;
  readonly version: number;
  /** A place of the plan: one step, or a primary and its backup. */
  readonly places: readonly (readonly [StepSpec] | readonly [primary: StepSpec, backup: StepSpec])[];
  readonly deadline?: number;
  readonly onDefinitionChange: 'hold' | 'compensate';
}

/** Two versions of the code, which run beside each other while a deployment rolls. */
export type Release = 1 | 2;

const DEFINITIONS = 24;

export interface DefinitionOptions {
  readonly seed: number;
  /** Whether the storage lends its transactions to steps. */
  readonly sharesTransactions: boolean;
}

/** The sagas of one release: all that is random about them comes from the seed. */
export function definitionsOf({ seed, sharesTransactions }: DefinitionOptions, release: Release): readonly SagaSpec[] {
  const specs = Array.from({ length: DEFINITIONS }, (_, i) => definitionOf(seed, i, release));
  return sharesTransactions ? specs.map((spec) => withLocalSteps(seed, spec)) : specs;
}

/** Some steps write locally. Their chance is one of its own, so that a seed has the same sagas on every storage. */
function withLocalSteps(seed: number, { places, ...saga }: SagaSpec): SagaSpec {
  const local = (step: StepSpec): StepSpec => {
    const isLocal = step.kind !== 'readonly' && new Random(seed, saga.name, step.name, 'transactional').chance(0.3);
    return { ...step, transactional: isLocal };
  };
  return { ...saga, places: places.map((place) => place.map(local) as unknown as SagaSpec['places'][number]) };
}

/** In the second release every fourth saga has one more step at its end. */
function definitionOf(seed: number, index: number, release: Release): SagaSpec {
  const random = new Random(seed, 'definition', index);
  const length = 1 + (index % 8);
  const pivot = random.chance(0.35) ? random.int(0, length - 1) : Infinity;
  const places = Array.from({ length }, (_, i) => placeOf(random, i, pivot));
  const deadline = random.chance(0.15) ? random.int(300, 2_000) : undefined;
  const onDefinitionChange = random.chance(0.5) ? ('hold' as const) : ('compensate' as const);
  const name = `Chaos${String(index)}`;
  const common = { name, onDefinitionChange, ...(deadline === undefined ? {} : { deadline }) };
  if (release === 1 || index % 4 !== 0) return { ...common, version: 1, places };
  return {
    ...common,
    version: 2,
    places: [...places, [stepOf(random, 'extra', pivot < Infinity ? 'retriable' : 'compensatable')]],
  };
}

function placeOf(random: Random, index: number, pivot: number): SagaSpec['places'][number] {
  const name = `s${String(index + 1)}`;
  if (index === pivot) return [stepOf(random, name, 'pivot')];
  if (random.chance(0.1)) return [stepOf(random, name, 'readonly')];
  if (index > pivot) return [stepOf(random, name, 'retriable')];
  if (!random.chance(0.15)) return [stepOf(random, name, 'compensatable')];
  return [stepOf(random, name, 'compensatable'), stepOf(random, `${name}-backup`, 'compensatable')];
}

function stepOf(random: Random, name: string, kind: StepKind): StepSpec {
  return {
    name,
    kind,
    ...(random.chance(0.3) ? { timeout: random.int(60, 200) } : {}),
    retryCount: random.int(1, 3),
    compensation: {
      retryCount: random.int(1, 3),
      retryDelay: random.int(1, 30),
      retryBackoff: 1,
      onExhausted: random.chance(0.3) ? 'halt' : 'continue',
    },
    compensateOnFailure: random.chance(0.1),
    transactional: false,
  };
}

/** Which saga the one of this number is. */
export function definitionAt(seed: number, number: number): string {
  return `Chaos${String(new Random(seed, 'saga', number).int(0, DEFINITIONS - 1))}`;
}
