import { Random } from './random.js';

export const WORKERS = 4;

/** What happens in a run, and when; ms from its beginning. */
export type Incident = { readonly at: number } & (
  | { readonly does: 'kill'; readonly worker: number; readonly backAfter: number; readonly clockShift: number }
  | { readonly does: 'stop'; readonly worker: number; readonly for: number }
  | { readonly does: 'close'; readonly worker: number; readonly backAfter: number; readonly clockShift: number }
  | { readonly does: 'deploy' }
  | { readonly does: 'server'; readonly fault: number; readonly seed: number }
  | {
      readonly does: 'ask';
      readonly what: 'cancel' | 'recover' | 'recoverAll' | 'retry' | 'resolve';
      readonly worker: number;
      /** Of the sagas that were started last, or of those whose compensation failed. */
      readonly among: number;
    }
);

/** Somebody starts a saga; ms from the beginning of the run. */
export interface Start {
  readonly at: number;
  readonly saga: number;
  readonly how: 'run' | 'start' | 'start within';
  /** The replicas that are asked; two of them are asked for the same id at once. */
  readonly workers: readonly number[];
}

const HOUR = 3_600_000;
const KINDS = [
  ...Array<'ask'>(6).fill('ask'),
  ...Array<'kill'>(4).fill('kill'),
  ...Array<'stop'>(3).fill('stop'),
  ...Array<'server'>(3).fill('server'),
  'close',
] as const;

export interface PlanOptions {
  readonly seed: number;
  readonly ms: number;
  /** How often each fault of the server comes, compared to the others. */
  readonly weights: readonly number[];
}

/** All incidents of a run, in order. Two deployments roll: to the second release, and back. */
export function incidentsOf({ seed, ms, weights }: PlanOptions): readonly Incident[] {
  const random = new Random(seed, 'incidents');
  const faults = weights.flatMap((weight, fault) => Array<number>(weight).fill(fault));
  const incidents: Incident[] = [
    { at: Math.round(ms / 3), does: 'deploy' },
    { at: Math.round((ms * 2) / 3), does: 'deploy' },
  ];
  for (let at = 500; at < ms; at += random.int(50, 500)) incidents.push(incidentAt(at, random, faults));
  return incidents.toSorted((a, b) => a.at - b.at);
}

function incidentAt(at: number, random: Random, faults: readonly number[]): Incident {
  const does = random.pick(KINDS);
  const worker = random.int(0, WORKERS - 1);
  switch (does) {
    case 'kill':
    case 'close':
      return { at, does, worker, backAfter: random.int(0, 800), clockShift: random.pick([0, HOUR, -HOUR]) };
    case 'stop':
      return { at, does, worker, for: random.int(200, 2_500) };
    case 'server':
      return { at, does, fault: random.pick(faults), seed: random.int(0, 1e9) };
    case 'ask':
      return {
        at,
        does,
        what: random.pick(['cancel', 'cancel', 'cancel', 'recover', 'recoverAll', 'retry', 'resolve']),
        worker,
        among: random.int(0, 30),
      };
  }
}

/** Whether who starts this saga in a transaction rolls that back. */
export function thinksBetter(seed: number, saga: number): boolean {
  return new Random(seed, 'thinks better', saga).chance(0.2);
}

export interface StartsOptions {
  readonly seed: number;
  readonly ms: number;
  readonly perSecond: number;
  /** Whether some are started in a transaction of the caller's. */
  readonly sharesTransactions: boolean;
}

/** All sagas of a run, in order. */
export function startsOf({ seed, ms, perSecond, sharesTransactions }: StartsOptions): readonly Start[] {
  return Array.from({ length: Math.floor((ms / 1_000) * perSecond) }, (_, saga) => {
    const random = new Random(seed, 'start', saga);
    const workers = [random.int(0, WORKERS - 1), random.int(0, WORKERS - 1)];
    const how = random.pick<'run' | 'start'>(['run', 'start']);
    const isWithin = sharesTransactions && how === 'start' && new Random(seed, 'within', saga).chance(0.3);
    return {
      at: Math.floor((saga / perSecond) * 1_000),
      saga,
      how: isWithin ? 'start within' : how,
      workers: random.chance(0.05) ? workers : workers.slice(0, 1),
    };
  });
}
