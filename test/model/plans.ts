import { createPlan, type Plan, type PlanNode, type StepKind, type StepPlan } from '../../lib/definition/plan.js';
import type { ExhaustedPolicy } from '../../lib/definition/retry-policy.js';

/** How the steps of a model saga are made. */
export interface Ways {
  readonly acts?: number;
  readonly undos?: number;
  readonly onExhausted?: ExhaustedPolicy;
  readonly compensateOnFailure?: boolean;
  readonly timeout?: number;
  readonly deadline?: number;
  readonly onDefinitionChange?: 'hold' | 'compensate';
}

const KINDS: Readonly<Record<string, StepKind>> = {
  C: 'compensatable',
  P: 'pivot',
  R: 'retriable',
  O: 'readonly',
};

/**
 * A plan written as a word: C is compensatable, P the pivot, R retriable, O readonly; a small letter is a transactional step; `[CC]` is a
 * fallback, its backup last; fallbacks nest. Steps are named by kind and place: `C1`, `p2`.
 */
export function planOf(word: string, ways: Ways = {}): Plan {
  let place = 0;
  let at = 0;
  let behindPivot = false;

  const node = (): PlanNode => {
    const letter = word[at++];
    if (letter === '[') {
      const fallback: PlanNode = { type: 'fallback', primary: node(), backup: node() };
      at++;
      return fallback;
    }
    const step = stepOf(`${letter ?? ''}${++place}`, ways, behindPivot);
    behindPivot ||= step.kind === 'pivot';
    return step;
  };

  const nodes: PlanNode[] = [];
  while (at < word.length) nodes.push(node());
  const { deadline, onDefinitionChange = 'hold' } = ways;
  return createPlan({ nodes, onDefinitionChange, ...(deadline === undefined ? {} : { deadline }) });
}

function stepOf(name: string, ways: Ways, isEndless: boolean): StepPlan {
  const letter = name.charAt(0);
  const kind = KINDS[letter.toUpperCase()] ?? 'compensatable';
  const { acts = 1, undos = 1, onExhausted = 'continue', compensateOnFailure = false, timeout } = ways;
  const delays = { retryDelay: 10, retryBackoff: 2, maxRetryDelay: 40, jitter: 0 };
  return {
    type: 'step',
    name,
    kind,
    retry: { ...delays, retryCount: isEndless ? Infinity : acts },
    compensation: { ...delays, retryCount: undos, onExhausted },
    compensateOnFailure: compensateOnFailure && kind === 'compensatable',
    ...(timeout === undefined ? {} : { timeout }),
    ...(letter === letter.toUpperCase() ? {} : { transactional: true }),
  };
}

/** Every order of kinds that a saga of so many steps may have. */
export function words(length: number): readonly string[] {
  const before = spell('CO');
  const behind = spell('RO');
  const withPivot = Array.from({ length }, (_, at) =>
    before(at).flatMap((head) => behind(length - at - 1).map((tail) => `${head}P${tail}`)),
  );
  return [...before(length), ...withPivot.flat()];
}

function spell(letters: string): (length: number) => readonly string[] {
  const spelled = (length: number): readonly string[] =>
    length === 0 ? [''] : spelled(length - 1).flatMap((word) => [...letters].map((letter) => word + letter));
  return spelled;
}
