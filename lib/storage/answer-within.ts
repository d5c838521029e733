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
