import { describe, expect, test } from '@jest/globals';
import { createPlan, type PlanNode, type StepKind } from '../../lib/definition/plan.js';
import { DEFAULT_COMPENSATION, DEFAULT_RETRY } from '../../lib/definition/retry-policy.js';

function step(name: string, kind: StepKind = 'compensatable'): PlanNode {
  return {
    type: 'step',
    name,
    kind,
    retry: DEFAULT_RETRY,
    compensation: DEFAULT_COMPENSATION,
    compensateOnFailure: false,
  };
}

describe('a plan', () => {
  test('knows every step by name and in order, those of fallbacks too', () => {
    const nested: PlanNode = { type: 'fallback', primary: step('b'), backup: step('c') };
    const fallback: PlanNode = { type: 'fallback', primary: nested, backup: step('d') };
    const plan = createPlan({ nodes: [step('a'), fallback, step('e')], onDefinitionChange: 'hold' });
    expect([...plan.steps.keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(plan.steps.get('c')).toEqual(step('c'));
  });

  test('knows its pivot and what stands behind it', () => {
    const nodes = [step('a'), step('b', 'pivot'), step('c', 'retriable'), step('d', 'readonly')];
    const plan = createPlan({ nodes, onDefinitionChange: 'hold' });
    expect(plan.pivot).toBe('b');
    expect([...plan.behindPivot]).toEqual(['c', 'd']);
  });

  test('without a pivot has nothing behind it', () => {
    const plan = createPlan({ nodes: [step('a')], onDefinitionChange: 'compensate', deadline: 5 });
    expect(plan).toMatchObject({ deadline: 5, onDefinitionChange: 'compensate' });
    expect(plan).not.toHaveProperty('pivot');
    expect(plan.behindPivot.size).toBe(0);
  });
});
