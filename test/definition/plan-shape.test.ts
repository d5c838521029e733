import { describe, expect, it } from '@jest/globals';
import { createPlan, type PlanNode, type StepPlan } from '../../lib/definition/plan.js';
import { planFromShape, planHash, planShape, sameShape, stepNames } from '../../lib/definition/plan-shape.js';
import { DEFAULT_COMPENSATION, DEFAULT_RETRY } from '../../lib/definition/retry-policy.js';
import type { PlanShape } from '../../lib/storage/saga-record.js';

function step(name: string, changes: Partial<StepPlan> = {}): StepPlan {
  return {
    type: 'step',
    name,
    kind: 'compensatable',
    retry: DEFAULT_RETRY,
    compensation: DEFAULT_COMPENSATION,
    compensateOnFailure: false,
    ...changes,
  };
}

const nodes: readonly PlanNode[] = [
  step('a'),
  { type: 'fallback', primary: step('b'), backup: { type: 'fallback', primary: step('c'), backup: step('d') } },
  step('e', { kind: 'pivot' }),
];

const shape: PlanShape = [
  { step: 'a', kind: 'compensatable' },
  {
    fallback: [
      { step: 'b', kind: 'compensatable' },
      {
        fallback: [
          { step: 'c', kind: 'compensatable' },
          { step: 'd', kind: 'compensatable' },
        ],
      },
    ],
  },
  { step: 'e', kind: 'pivot' },
];

describe('the shape of a plan', () => {
  it('says names and kinds, and nothing that may change without changing the definition', () => {
    expect(planShape(nodes)).toEqual(shape);
    const slower = nodes.map((node) =>
      node.type === 'step' ? { ...node, timeout: 9, compensateOnFailure: true } : node,
    );
    expect(planHash(planShape(slower))).toBe(planHash(shape));
  });

  it('names every step in order', () => {
    expect(stepNames(shape)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('has a hash that never changes between releases, since it is stored', () => {
    expect(planHash([])).toBe('4f53cda18c2baa0c');
    expect(planHash(shape)).toBe(planHash(planShape(nodes)));
    expect(planHash(shape)).toBe('55402c890fc7d94e');
  });

  it('is the same however a database ordered the keys', () => {
    const stored: PlanShape = [{ kind: 'compensatable', step: 'a' }, ...shape.slice(1)];
    expect(planHash(stored)).toBe(planHash(shape));
    expect(sameShape(stored, shape)).toBe(true);
  });

  it.each<[string, PlanShape]>([
    ['another name', [{ step: 'x', kind: 'compensatable' }, ...shape.slice(1)]],
    ['another kind', [{ step: 'a', kind: 'readonly' }, ...shape.slice(1)]],
    ['another order', [...shape].reverse()],
    ['one step less', shape.slice(1)],
    ['a fallback taken apart', stepNames(shape).map((name) => ({ step: name, kind: 'compensatable' }))],
  ])('is another one with %s', (_, other) => {
    expect(planHash(other)).not.toBe(planHash(shape));
    expect(sameShape(other, shape)).toBe(false);
  });
});

describe('planFromShape', () => {
  const current = createPlan({
    nodes: [step('a', { kind: 'readonly', timeout: 5 }), step('c', { compensateOnFailure: true })],
    onDefinitionChange: 'compensate',
    deadline: 100,
  });

  it('keeps the policies of steps that the code still has, and the kinds that they had', () => {
    const plan = planFromShape(shape, current);
    expect(plan.steps.get('a')).toEqual(step('a', { timeout: 5 }));
    expect(plan.steps.get('c')).toEqual(step('c', { compensateOnFailure: true }));
  });

  it('gives the default policies to steps that the code no longer has', () => {
    expect(planFromShape(shape, current).steps.get('b')).toEqual(step('b'));
  });

  it('keeps the stored order, pivot and fallbacks, and the current policies of the saga', () => {
    const plan = planFromShape(shape, current);
    expect(planShape(plan.nodes)).toEqual(shape);
    expect(plan.nodes.map(({ type }) => type)).toEqual(['step', 'fallback', 'step']);
    expect(plan).toMatchObject({ pivot: 'e', onDefinitionChange: 'compensate', deadline: 100 });
  });

  it('has no deadline where the code has none', () => {
    const { deadline: _, ...timeless } = current;
    expect(planFromShape(shape, timeless)).not.toHaveProperty('deadline');
  });

  it.each(['compensatable', 'pivot', 'retriable', 'readonly'])('knows the kind %s', (kind) => {
    expect(planFromShape([{ step: 'z', kind }], current).steps.get('z')?.kind).toBe(kind);
  });

  it('takes a kind that it does not know for one that can be undone', () => {
    expect(planFromShape([{ step: 'z', kind: 'parallel' }], current).steps.get('z')?.kind).toBe('compensatable');
  });
});
