/** What the benchmark asks of a peer: to run so many sagas, so many at the same time. */
interface Load {
  readonly sagas: number;
  readonly atOnce: number;
}

/** Answers each question of the benchmark with a round; ends when the benchmark lets go. */
export function play(run: (n: number) => Promise<unknown>, close: () => Promise<void>): void {
  let started = 0;
  process.on('message', ({ sagas, atOnce }: Load) => {
    const first = started;
    started += sagas;
    void roundOf({ sagas, atOnce }, (n) => run(first + n)).then((round) => process.send?.(round));
  });
  process.on('disconnect', () => void close().finally(() => process.exit()));
  process.send?.('ready');
}

async function roundOf({ sagas, atOnce }: Load, run: (n: number) => Promise<unknown>) {
  const latencies: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < sagas) {
      const startedAt = performance.now();
      await run(next++);
      latencies.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { perSecond: (sagas * 1_000) / (performance.now() - startedAt), latencies };
}
