import 'reflect-metadata';
import { createParamDecorator, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';

// Nest exports none of these keys. They are read off what its own decorators leave behind, so that they cannot differ.
const GUARDS = keyOf(UseGuards({ canActivate: () => true }));
const INTERCEPTORS = keyOf(UseInterceptors({ intercept: (_, next) => next.handle() }));
const PIPES = keyOf(UsePipes({ transform: (value) => value as unknown }));
const FILTERS = keyOf(UseFilters({ catch: () => undefined }));

/** Where Nest keeps the decorated parameters of a method: metadata of the class, under the method's name. */
export const PARAMETERS = parametersKey();

/** Whether guards, interceptors or filters are bound to this class or method. Pipes alone wait for a decorated parameter. */
export function hasEnhancers(target: object): boolean {
  return has(GUARDS, target) || has(INTERCEPTORS, target) || has(FILTERS, target);
}

export function hasFilters(target: object): boolean {
  return has(FILTERS, target);
}

/** Keeps a function from inheriting the enhancers of the function that it stands for. */
export function withoutEnhancers<F extends object>(target: F): F {
  for (const key of [GUARDS, INTERCEPTORS, PIPES, FILTERS]) Reflect.defineMetadata(key, [], target);
  return target;
}

interface DecoratedParameter {
  /** Its place. */
  readonly index: number;
  readonly pipes: readonly unknown[];
}

export function decoratedParameters(type: object, method: string): readonly DecoratedParameter[] {
  const parameters = Reflect.getMetadata(PARAMETERS, type, method) as Record<string, DecoratedParameter> | undefined;
  return Object.values(parameters ?? {});
}

/** Everything that is bound to this class or method: instances, and classes that Nest has to make instances of. */
export function enhancersOf(target: object): readonly unknown[] {
  return [GUARDS, INTERCEPTORS, PIPES, FILTERS].flatMap(
    (key) => (Reflect.getMetadata(key, target) as readonly unknown[] | undefined) ?? [],
  );
}

function has(key: unknown, target: object): boolean {
  const enhancers = Reflect.getMetadata(key, target) as readonly unknown[] | undefined;
  return enhancers !== undefined && enhancers.length > 0;
}

function keyOf(decorate: ClassDecorator): unknown {
  const probe = () => undefined;
  decorate(probe);
  return Reflect.getMetadataKeys(probe)[0];
}

function parametersKey(): string {
  const probe = () => undefined;
  createParamDecorator(() => undefined)()({ constructor: probe }, 'method', 0);
  return Reflect.getMetadataKeys(probe, 'method')[0] as string;
}
