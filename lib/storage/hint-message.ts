/** A hint as one process sends it to others: who tells, so that nobody hears its own, and of which sagas. */
export function hintMessage(sender: string, sagaIds: readonly string[]): string {
  return JSON.stringify([sender, ...sagaIds]);
}

/** What was sent, as JSON; `undefined` where it is none. Anybody may send. */
export function readMessage(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** The sagas that a hint of somebody else names. What is no hint of ours says nothing. */
export function sagasOfHint(said: unknown, sender: string): readonly string[] | undefined {
  if (!Array.isArray(said) || !said.every((part) => typeof part === 'string') || said.length === 0) return undefined;
  const [from, ...sagaIds] = said as readonly string[];
  return from === sender ? undefined : sagaIds;
}
