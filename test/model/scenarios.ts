import type { Plan } from '../../lib/definition/plan.js';
import { planOf, words, type Ways } from './plans.js';
import type { Fault, Scenario } from './scenario.js';

export const FAULTS: readonly Fault[] = [
  'throw',
  'throw-for-good',
  'unknown',
  'timeout',
  'unstorable',
  'save',
  'crash',
  'stale',
  'lost',
  'close',
  'cancel',
  'retry',
  'resolve',
  'recover',
  'deadline',
  'deploy',
];

export type Circumstances = Partial<Omit<Scenario, 'name' | 'plan'>> & { readonly ways?: Ways };

/** A scenario of the steps in `word` (see {@link planOf}): by default one fault of any kind, at any point. */
export function scenarioOf(word: string, { ways = {}, ...circumstances }: Circumstances = {}): Scenario {
  const told = Object.entries({ ...ways, ...circumstances, kinds: undefined }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    name: [word, ...told.map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(', '),
    plan: planOf(word, ways),
    faults: 1,
    kinds: new Set(FAULTS),
    maxAttempts: 2,
    ...circumstances,
  };
}

/** Every order of kinds of `steps` steps, under the same circumstances. */
export function everyOrder(steps: number, circumstances: Circumstances = {}): readonly Scenario[] {
  return words(steps).map((word) => scenarioOf(word, circumstances));
}

/** The same for every step whose act may fail for good: there it always does. */
export function everyFailingStep(word: string, circumstances: Circumstances = {}): readonly Scenario[] {
  const { behindPivot, steps } = planOf(word);
  const mayFail = [...steps.keys()].filter((step) => !behindPivot.has(step));
  return mayFail.map((alwaysFails) => scenarioOf(word, { ...circumstances, alwaysFails }));
}

/** Every step that fails, with every compensation before it that never succeeds. */
export function everyFailingCompensation(word: string, circumstances: Circumstances = {}): readonly Scenario[] {
  return everyFailingStep(word, circumstances).flatMap(({ plan, alwaysFails }) =>
    compensatedBefore(plan, alwaysFails).map((neverUndone) =>
      scenarioOf(word, { ...circumstances, ...(alwaysFails === undefined ? {} : { alwaysFails }), neverUndone }),
    ),
  );
}

function compensatedBefore({ steps }: Plan, failing: string | undefined): readonly string[] {
  const names = [...steps.keys()];
  const before = names.slice(0, names.indexOf(failing ?? ''));
  return before.filter((name) => steps.get(name)?.kind === 'compensatable');
}
