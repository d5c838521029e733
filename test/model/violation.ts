/** A promise that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function check(holds: boolean, promise: string, about: unknown): asserts holds {
  if (!holds) throw new Violation(`${promise}: ${JSON.stringify(about)}`);
}
