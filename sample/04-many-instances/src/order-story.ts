import type { LogEntry } from 'nest-saga';
import type { ReplicaProcess } from './replica-process.js';

/** What became of an order, as the log of its saga tells. */
export interface OrderStory {
  readonly orderId: string;
  readonly startedBy: string;
  readonly endedBy: string;
  readonly end: 'COMPLETED' | 'FAILED' | 'not ended';
  readonly takeover?: {
    readonly by: string;
    /** What its worker was doing, or had just done, when it was killed. */
    readonly during: string;
    readonly at: Date;
  };
}

/** Reads an order's story from its log. */
export function storyOf(orderId: string, log: readonly LogEntry[], replicas: readonly ReplicaProcess[]): OrderStory {
  const nameOf = (worker: string | undefined): string =>
    replicas.find((replica) => replica.worker === worker)?.name ?? '?';
  const last = log.at(-1);
  const at = log.findIndex(({ event }) => event === 'claimed');
  const claim = log[at];
  const before = log.slice(0, Math.max(0, at)).findLast(({ step }) => step !== undefined);
  return {
    orderId,
    startedBy: nameOf(log[0]?.worker),
    endedBy: nameOf(last?.worker),
    end:
      last?.step !== undefined
        ? 'not ended'
        : last?.event === 'completed'
          ? 'COMPLETED'
          : last?.event === 'failed'
            ? 'FAILED'
            : 'not ended',
    ...(claim && {
      takeover: { by: nameOf(claim.worker), during: during(before), at: claim.at },
    }),
  };
}

function during(entry: LogEntry | undefined): string {
  if (entry?.step === undefined) return 'nothing yet';
  return entry.phase === 'act' ? entry.step : `undoing ${entry.step}`;
}
