import { stepName, stepOptionsOf } from './definition-metadata.js';
import type { SagaNode } from './fallback.js';
import { createPlan, type Plan, type PlanNode, type StepPlan } from './plan.js';
import {
  DEFAULT_COMPENSATION,
  DEFAULT_RETRY,
  type CompensationOptions,
  type CompensationPolicy,
  type RetrySchedule,
} from './retry-policy.js';
import type { SagaOptions } from './saga.decorator.js';
import type { StepClass } from './step-handler.js';

/** What `forRoot()` decides for all sagas. */
export interface PlanDefaults {
  readonly compensation?: CompensationOptions;
}

/**
 * The plan of a saga: data only, with every default filled in. What a step leaves open, its saga decides, then the module,
 * then the library.
 *
 * Expects options in which {@link definitionMistakes} found none.
 */
export function buildPlan(saga: SagaOptions, defaults: PlanDefaults = {}): Plan {
  const compensation = [saga.compensation, defaults.compensation];
  const nodes: PlanNode[] = [];
  let behindPivot = false;
  for (const node of saga.steps) {
    const planned = planNode(node, { compensation, behindPivot });
    nodes.push(planned);
    behindPivot ||= planned.type === 'step' && planned.kind === 'pivot';
  }
  return createPlan({
    nodes,
    onDefinitionChange: saga.onDefinitionChange ?? 'hold',
    ...(saga.deadline === undefined ? {} : { deadline: saga.deadline }),
  });
}

interface Surroundings {
  /** From the nearest to the farthest. */
  readonly compensation: readonly (CompensationOptions | undefined)[];
  readonly behindPivot: boolean;
}

function planNode(node: SagaNode<never>, around: Surroundings): PlanNode {
  if (typeof node === 'function') return planStep(node, around);
  return { type: 'fallback', primary: planNode(node.primary, around), backup: planNode(node.backup, around) };
}

function planStep(type: StepClass<never>, { compensation, behindPivot }: Surroundings): StepPlan {
  const options = stepOptionsOf(type) ?? {};
  const retry = retrySchedule([options.retry], DEFAULT_RETRY);
  return {
    type: 'step',
    name: stepName(type),
    kind: options.kind ?? 'compensatable',
    retry: behindPivot ? { ...retry, retryCount: Infinity } : retry,
    compensation: compensationPolicy([options.compensation, ...compensation]),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    compensateOnFailure: options.compensateOnFailure ?? false,
    ...(options.transactional === true && { transactional: true }),
  };
}

type Layers<T> = readonly (Partial<T> | undefined)[];

function retrySchedule(layers: Layers<RetrySchedule>, defaults: RetrySchedule): RetrySchedule {
  return {
    retryCount: firstGiven(layers, 'retryCount') ?? defaults.retryCount,
    retryDelay: firstGiven(layers, 'retryDelay') ?? defaults.retryDelay,
    retryBackoff: firstGiven(layers, 'retryBackoff') ?? defaults.retryBackoff,
    maxRetryDelay: firstGiven(layers, 'maxRetryDelay') ?? defaults.maxRetryDelay,
    jitter: firstGiven(layers, 'jitter') ?? defaults.jitter,
  };
}

function compensationPolicy(layers: Layers<CompensationPolicy>): CompensationPolicy {
  const timeout = firstGiven(layers, 'timeout');
  return {
    ...retrySchedule(layers, DEFAULT_COMPENSATION),
    ...(timeout === undefined ? {} : { timeout }),
    onExhausted: firstGiven(layers, 'onExhausted') ?? DEFAULT_COMPENSATION.onExhausted,
  };
}

function firstGiven<T, K extends keyof T>(layers: Layers<T>, key: K): T[K] | undefined {
  return layers.find((layer) => layer?.[key] !== undefined)?.[key];
}
