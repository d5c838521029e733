/** What `work` promises; or, where it throws before, a rejection. As an `async` function would, which keeps a frame until its promise is settled. */
export function begun<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}
