type AnyFunction = (...args: never[]) => unknown;

/**
 * Makes a function stand for a method: `reflect-metadata` looks along the prototype chain, so whatever decorators put on
 * the method is found on the stand-in, without a copy that could be out of date. It has the method's name and length too.
 */
export function standIn<F extends AnyFunction>(call: F, method: object): F {
  const { name, length } = method as AnyFunction;
  Object.setPrototypeOf(call, method);
  return Object.defineProperties(call, { name: { value: name }, length: { value: length } });
}
