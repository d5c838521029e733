/** What a serializer was given: a saga's context, or what a step's act returned. */
export type ValueKind = 'context' | 'result';

/** "The result of step charge of saga OrderSaga 'o-1'", as far as it is known. */
export function describeValue(
  what: ValueKind,
  { saga, sagaId, step }: { saga?: string | undefined; sagaId?: string | undefined; step?: string | undefined },
): string {
  const ofStep = step === undefined ? '' : what === 'result' ? ` of step ${step}` : ` after step ${step}`;
  const names = [saga, sagaId === undefined ? undefined : `'${sagaId}'`].filter((name) => name !== undefined);
  const ofSaga = names.length === 0 ? '' : ` of saga ${names.join(' ')}`;
  return `The ${what}${ofStep}${ofSaga}`;
}
