/** Node's timers count milliseconds up to here. */
const LONGEST_LIMIT = 2 ** 31 - 1;

/** Whether {@link answerWithin} can wait for so many milliseconds. */
export function isTimeLimit(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= LONGEST_LIMIT;
}

/**
 * What `answer` resolves with, or what `late` returns or throws where that takes more than `ms`. Drivers may wait for as long as the network
 * takes to notice that a connection is gone, which can be a quarter of an hour. Whether a late call has an effect is not known.
 */
export async function answerWithin<T>(ms: number, answer: Promise<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    // Nothing that is only waited for keeps a process from ending.
    timer = setTimeout(resolve, ms).unref();
  });
  try {
    return await Promise.race([answer, limit.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
