/** The module's options with every default filled in. All times are milliseconds. */
export interface EngineOptions {
  readonly recovery: {
    readonly enabled: boolean;
    readonly interval: number;
    readonly maxAttempts: number;
    readonly concurrency: number;
    readonly sagas?: readonly string[];
  };
  readonly lease: { readonly duration: number };
  readonly shutdown: { readonly gracePeriod: number };
  readonly concurrency: number;
}

/** Failed compensations are tried again after `interval`, twice that, four times that …, at most after an hour. */
export function roundDelayOf({ recovery }: EngineOptions): (round: number) => number {
  const HOUR = 3_600_000;
  return (round) => Math.min(recovery.interval * 2 ** (round - 1), HOUR);
}
