import type { ProviderWrapper } from '../../discovery/registered-step.js';
import { decoratedParameters, enhancersOf } from './enhancer-metadata.js';

type AnyFunction = (...args: never[]) => unknown;

/**
 * Nest makes instances of enhancer classes for the providers that it makes from a class. On any other it leaves them out
 * without a word, and a guard that is left out lets everything pass: so this is a mistake, one sentence for each.
 *
 * @param type the class that the saga names; counts while a provider has no instance yet.
 */
export function enhancerMistakes(wrapper: ProviderWrapper, type: object): readonly string[] {
  if (!wrapper.isNotMetatype) return [];
  const instance = wrapper.instance as object | null | undefined;
  const made = (instance?.constructor ?? type) as AnyFunction;
  const missing = boundTo(made).filter((enhancer) => wrapper.host?.injectables.has(enhancer as never) !== true);
  return [...new Set(missing)].map(
    ({ name }) =>
      `${made.name} has ${name} bound to it as a class, but Nest makes instances of enhancers only for providers that it ` +
      `makes from a class, and this one is a factory's or a value. Bind an instance of ${name}, or provide ${made.name} as a class.`,
  );
}

/** The enhancer classes on a class, its handlers, and their parameters. */
function boundTo(type: AnyFunction): readonly AnyFunction[] {
  const prototype = type.prototype as Readonly<Record<string, unknown>>;
  const ofMethods = ['act', 'compensate'].flatMap((phase) => {
    const method = prototype[phase];
    const ofParameters = decoratedParameters(type, phase).flatMap(({ pipes }) => pipes);
    return typeof method === 'function' ? [...enhancersOf(method), ...ofParameters] : ofParameters;
  });
  return [...enhancersOf(type), ...ofMethods].filter((enhancer) => typeof enhancer === 'function') as AnyFunction[];
}
