import type { Phase } from 'nest-saga';
import type { StepSpec } from './definitions.js';
import { Random } from './random.js';

/**
 * What an attempt does. `throws`: nothing happens. `unknown`: it happens, and the step says that it does not know. `lost`: the
 * same, but nothing has happened. `hangs`: it happens, and nobody hears of it until the timeout. `saves`: it makes the context
 * durable in the middle; `saves-throws`: and then throws. `fatal`: no retry would help.
 */
export type Outcome = 'ok' | 'slow' | 'throws' | 'unknown' | 'lost' | 'hangs' | 'saves' | 'saves-throws' | 'fatal';

const ROUGH_ACTS: readonly Outcome[] = [
  'slow',
  'throws',
  'throws',
  'unknown',
  'lost',
  'hangs',
  'saves',
  'saves-throws',
  'fatal',
];
const ROUGH_COMPENSATIONS: readonly Outcome[] = ['slow', 'throws', 'throws', 'unknown', 'lost', 'saves'];

interface Attempt {
  readonly seed: number;
  readonly sagaId: string;
  readonly step: StepSpec;
  readonly phase: Phase;
  readonly attempt: number;
}

/** What this attempt does, in whichever process it runs. In the end every step succeeds, or keeps refusing. */
export function outcomeOf({ seed, sagaId, step, phase, attempt }: Attempt): Outcome {
  const isRough = new Random(seed, sagaId).chance(0.5);
  const random = new Random(seed, sagaId, step.name, phase);
  if (!isRough || !random.chance(0.4)) return random.chance(0.3) ? 'slow' : 'ok';
  if (phase === 'act' && step.kind === 'pivot') return pivotOutcome(random, step, attempt);
  const outcomes = Array.from({ length: random.int(1, phase === 'act' ? 2 : 5) }, () =>
    random.pick(phase === 'act' ? ROUGH_ACTS : ROUGH_COMPENSATIONS),
  );
  const outcome = outcomes[attempt - 1] ?? 'ok';
  if (outcome === 'hangs' && step.timeout === undefined) return 'unknown';
  return step.transactional ? unsaved(outcome) : outcome;
}

/** In a transaction nothing is saved before all of it is. */
function unsaved(outcome: Outcome): Outcome {
  if (outcome === 'saves') return 'ok';
  return outcome === 'saves-throws' ? 'throws' : outcome;
}

/** A pivot honours its key: whoever asks again gets the same answer. */
function pivotOutcome(random: Random, step: StepSpec, attempt: number): Outcome {
  if (random.chance(0.4)) return 'fatal';
  if (attempt > 1) return 'ok';
  const outcome = random.pick<Outcome>(['slow', 'unknown', 'lost', 'saves']);
  return step.transactional ? unsaved(outcome) : outcome;
}

/** How long a slow attempt takes before its effect, and behind it; ms. */
export function slownessOf({ seed, sagaId, step, phase, attempt }: Attempt): readonly [before: number, behind: number] {
  const random = new Random(seed, sagaId, step.name, phase, attempt, 'slow');
  return [random.int(0, 40), random.int(0, 40)];
}
