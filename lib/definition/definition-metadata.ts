import 'reflect-metadata';
import type { SagaOptions } from './saga.decorator.js';
import type { SagaStepOptions } from './saga-step.decorator.js';

const SAGA = 'nest-saga:saga';
const STEP = 'nest-saga:step';

export function defineSagaOptions(type: object, options: SagaOptions): void {
  Reflect.defineMetadata(SAGA, options, type);
}

export function defineStepOptions(type: object, options: SagaStepOptions): void {
  Reflect.defineMetadata(STEP, options, type);
}

/** The options of a class marked `@Saga()`; `undefined` for any other, a subclass of a marked one included. */
export function sagaOptionsOf(type: object): SagaOptions | undefined {
  return Reflect.getOwnMetadata(SAGA, type) as SagaOptions | undefined;
}

/** The options of a class marked `@SagaStep()`; `undefined` for any other, a subclass of a marked one included. */
export function stepOptionsOf(type: object): SagaStepOptions | undefined {
  return Reflect.getOwnMetadata(STEP, type) as SagaStepOptions | undefined;
}

/** The name that is stored with each saga of a definition: its `name` option, or its class's name, unchanged. */
export function sagaName(type: { readonly name: string }): string {
  return sagaOptionsOf(type)?.name ?? type.name;
}

/** The name that the log knows a step by: its `name` option, or its class's name, unchanged. */
export function stepName(type: { readonly name: string }): string {
  return stepOptionsOf(type)?.name ?? type.name;
}
