/** Milliseconds. A connection that does not answer within them is busy with a statement of the application's. */
const SOON = 1_000;

/** What `answer` resolves with, or `otherwise` where that takes too long. */
export async function soon<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), SOON);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
