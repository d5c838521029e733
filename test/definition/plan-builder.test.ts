import { describe, expect, it } from '@jest/globals';
import { sagaOptionsOf } from '../../lib/definition/definition-metadata.js';
import { fallback } from '../../lib/definition/fallback.js';
import { buildPlan, type PlanDefaults } from '../../lib/definition/plan-builder.js';
import type { Plan, StepPlan } from '../../lib/definition/plan.js';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';

@SagaStep()
class Reserve {
  act(): void {}
  compensate(): void {}
}

@SagaStep({
  name: 'charge',
  timeout: 5_000,
  retry: { retryCount: 4, retryDelay: undefined, jitter: 0.5, retryIf: () => true },
  compensation: { retryCount: 9, timeout: 700 },
  compensateOnFailure: true,
})
class Charge {
  act(): void {}
  compensate(): void {}
}

@SagaStep({ kind: 'readonly', retry: { retryCount: 2 } })
class Check {
  act(): void {}
}

@SagaStep({ kind: 'readonly', name: 'check-again', retry: { retryCount: 2 } })
class CheckAgain {
  act(): void {}
}

@SagaStep({ kind: 'pivot' })
class Place {
  act(): void {}
}

@SagaStep({ kind: 'retriable', retry: { retryDelay: 10 } })
class Ship {
  act(): void {}
}

@Saga({
  steps: [Check, fallback(Reserve, Charge), Place, Ship, CheckAgain],
  compensation: { retryDelay: 50 },
  deadline: 9,
})
class OrderSaga extends SagaDefinition<object> {}

@SagaStep({ transactional: true })
class Local {
  act(): void {}
  compensate(): void {}
}

@Saga({ steps: [Local, Reserve] })
class LocalSaga extends SagaDefinition<object> {}

@SagaStep({ retry: { retryCount: 2, retryDelay: 3, retryBackoff: 4, maxRetryDelay: 5, jitter: 0.6 } })
class Tuned {
  act(): void {}
  compensate(): void {}
}

@Saga({ steps: [Tuned] })
class TunedSaga extends SagaDefinition<object> {}

@Saga({ steps: [Reserve] })
class PlainSaga extends SagaDefinition<object> {}

function planOf(saga: object, defaults?: PlanDefaults): Plan {
  const options = sagaOptionsOf(saga);
  if (options === undefined) throw new Error('not a saga');
  return buildPlan(options, defaults);
}

function stepOf(plan: Plan, name: string): StepPlan {
  const step = plan.steps.get(name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return step;
}

describe('buildPlan', () => {
  it('fills in every default', () => {
    expect(planOf(PlainSaga).nodes).toStrictEqual([
      {
        type: 'step',
        name: 'Reserve',
        kind: 'compensatable',
        retry: { retryCount: 1, retryDelay: 1000, retryBackoff: 2, maxRetryDelay: 60_000, jitter: 0 },
        compensation: {
          retryCount: 3,
          retryDelay: 1000,
          retryBackoff: 2,
          maxRetryDelay: 60_000,
          jitter: 0,
          onExhausted: 'continue',
        },
        compensateOnFailure: false,
      },
    ]);
    expect(planOf(PlainSaga).onDefinitionChange).toBe('hold');
    expect(planOf(PlainSaga)).not.toHaveProperty('deadline');
    expect(planOf(PlainSaga)).not.toHaveProperty('pivot');
    expect(planOf(OrderSaga).deadline).toBe(9);
  });

  it('takes what a step says, and the default for what it says undefined of', () => {
    const charge = stepOf(planOf(OrderSaga), 'charge');
    expect(charge.retry).toEqual({
      retryCount: 4,
      retryDelay: 1000,
      retryBackoff: 2,
      maxRetryDelay: 60_000,
      jitter: 0.5,
    });
    expect(charge.timeout).toBe(5_000);
    expect(charge.compensateOnFailure).toBe(true);
  });

  it('takes each of the options from where it is given', () => {
    const all = { retryCount: 2, retryDelay: 3, retryBackoff: 4, maxRetryDelay: 5, jitter: 0.6 };
    const compensation = { ...all, timeout: 7, onExhausted: 'halt' } as const;
    expect(stepOf(planOf(PlainSaga, { compensation }), 'Reserve').compensation).toStrictEqual(compensation);
    expect(stepOf(planOf(TunedSaga), 'Tuned').retry).toStrictEqual(all);
  });

  it('asks step, saga, module and default in this order for the policy of a compensation', () => {
    const defaults = { compensation: { retryCount: 7, retryDelay: 8, onExhausted: 'halt' } } as const;
    const plan = planOf(OrderSaga, defaults);
    expect(stepOf(plan, 'charge').compensation).toEqual({
      retryCount: 9,
      retryDelay: 50,
      retryBackoff: 2,
      maxRetryDelay: 60_000,
      jitter: 0,
      timeout: 700,
      onExhausted: 'halt',
    });
    expect(stepOf(plan, 'Reserve').compensation).toMatchObject({ retryCount: 7, retryDelay: 50, onExhausted: 'halt' });
    expect(stepOf(planOf(PlainSaga, defaults), 'Reserve').compensation).toMatchObject({ retryCount: 7, retryDelay: 8 });
  });

  it('keeps the order of steps, of a fallback the primary first', () => {
    expect([...planOf(OrderSaga).steps.keys()]).toEqual(['Check', 'Reserve', 'charge', 'Place', 'Ship', 'check-again']);
    expect(planOf(OrderSaga).nodes.map(({ type }) => type)).toEqual(['step', 'fallback', 'step', 'step', 'step']);
  });

  it('says of a step that it is transactional, and of others nothing', () => {
    const plan = planOf(LocalSaga);
    expect(stepOf(plan, 'Local').transactional).toBe(true);
    expect(stepOf(plan, 'Reserve')).not.toHaveProperty('transactional');
  });

  it('retries without limit behind the pivot, readonly steps included, and as told before it', () => {
    const plan = planOf(OrderSaga);
    expect(stepOf(plan, 'Check').retry.retryCount).toBe(2);
    expect(stepOf(plan, 'Place').retry.retryCount).toBe(1);
    expect(stepOf(plan, 'Ship').retry).toMatchObject({ retryCount: Infinity, retryDelay: 10 });
    expect(stepOf(plan, 'check-again').retry.retryCount).toBe(Infinity);
    expect(plan.pivot).toBe('Place');
    expect([...plan.behindPivot]).toEqual(['Ship', 'check-again']);
  });

  it('makes data only: nothing in a plan is code', () => {
    const { nodes } = planOf(OrderSaga);
    expect(structuredClone(nodes)).toEqual(nodes);
  });
});
