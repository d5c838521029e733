import { sagaName, sagaOptionsOf, stepName, stepOptionsOf } from '../definition/definition-metadata.js';
import { buildPlan, type PlanDefaults } from '../definition/plan-builder.js';
import type { StepPlan } from '../definition/plan.js';
import { planHash, planShape } from '../definition/plan-shape.js';
import type { AnySagaClass } from '../definition/saga-definition.js';
import { fallbacksByPrimary, stepClasses } from '../definition/saga-nodes.js';
import type { FallbackNode } from '../definition/fallback.js';
import type { StepClass } from '../definition/step-handler.js';
import type { RegisteredSaga } from './registered-saga.js';
import type { ProviderWrapper, RegisteredFallback, RegisteredStep } from './registered-step.js';

/** Every provider of an application by its token; a token that several modules provide has several. */
export type ProvidersByToken = ReadonlyMap<unknown, readonly ProviderWrapper[]>;

/** Puts together what is looked up again and again of a saga. Expects a configuration in which no mistake was found. */
export function registerSaga(
  definition: AnySagaClass,
  providers: ProvidersByToken,
  defaults: PlanDefaults,
): RegisteredSaga {
  const options = sagaOptionsOf(definition) ?? { steps: [] };
  const plan = buildPlan(options, defaults);
  const shape = planShape(plan.nodes);
  const fallbacks = fallbacksByPrimary(options.steps);
  const registered = stepClasses(options.steps).map((type) => {
    const stepPlan = plan.steps.get(stepName(type)) as StepPlan;
    return registerStep(type, {
      plan: stepPlan,
      wrapper: onlyProvider(providers, type),
      fallback: fallbacks.get(type),
    });
  });
  const steps = new Map(registered.map((step) => [step.name, step]));
  return {
    name: sagaName(definition),
    version: options.version ?? 1,
    definition,
    wrapper: onlyProvider(providers, definition),
    ...(options.context === undefined ? {} : { contextType: options.context }),
    plan,
    shape,
    hash: planHash(shape),
    steps,
    isMissing: (step) => steps.get(step)?.plan.kind !== 'compensatable',
  };
}

/** The name of the module that provides it. */
export function moduleOf(wrapper: ProviderWrapper): string {
  return wrapper.host?.name ?? 'a module';
}

interface StepParts {
  readonly plan: StepPlan;
  readonly wrapper: ProviderWrapper;
  readonly fallback: FallbackNode<never> | undefined;
}

function registerStep(type: StepClass<never>, { plan, wrapper, fallback }: StepParts): RegisteredStep {
  const retryIf = stepOptionsOf(type)?.retry?.retryIf;
  return {
    name: plan.name,
    plan,
    type,
    wrapper,
    perSaga: wrapper.isTransient || !wrapper.isDependencyTreeStatic(),
    module: moduleOf(wrapper),
    ...(retryIf === undefined ? {} : { retryIf }),
    ...(fallback === undefined ? {} : { fallback: registerFallback(fallback) }),
  };
}

function registerFallback({ on = () => true, policy }: FallbackNode<never>): RegisteredFallback {
  return { on, ...(policy === undefined ? {} : { policy }) };
}

function onlyProvider(providers: ProvidersByToken, token: unknown): ProviderWrapper {
  return providers.get(token)?.[0] as ProviderWrapper;
}
