import { setTimeout } from 'node:timers/promises';
import {
  NonRetryableError,
  OutcomeUnknownError,
  Saga,
  SagaDefinition,
  SagaStep,
  fallback,
  type StepExecution,
  type TransactionalExecution,
} from 'nest-saga';
import type { EffectLedger } from '../crash/effect-ledger.js';
import { writeApplicationRow } from '../harness/application-table.js';
import type { StorageName } from '../harness/process-storage.js';
import { outcomeOf, slownessOf } from './behaviour.js';
import type { SagaSpec, StepSpec } from './definitions.js';

/** What the sagas carry along: the steps that stand, as far as the context knows. */
export interface Trail {
  trail: string[];
}

export type ChaosSaga = new () => SagaDefinition<Trail>;
type StepType = new () => object;

/** A step that refuses, as a step of an application would. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** What a caller writes in the transaction in which it starts a saga. */
export const ORDER = { step: 'order', phase: 'start', attempt: 1 } as const;

export interface ChaosClasses {
  readonly sagas: ReadonlyMap<string, ChaosSaga>;
  readonly providers: readonly (new () => object)[];
}

interface Outside {
  readonly seed: number;
  readonly ledger: EffectLedger;
  readonly storage: StorageName;
}

/** The classes of an application with these sagas, whose effects go into the ledger, or into its table where they share a transaction. */
export function chaosClasses(specs: readonly SagaSpec[], outside: Outside): ChaosClasses {
  const steps: StepType[] = [];
  const sagas = new Map<string, ChaosSaga>();
  for (const { places, ...options } of specs) {
    const nodes = places.map((place) => {
      const [primary, backup] = place.map((spec) => stepClass(spec, outside));
      steps.push(...[primary, backup].filter((step) => step !== undefined));
      return backup === undefined ? primary : fallback(primary as never, backup as never);
    });
    class AnySaga extends SagaDefinition<Trail> {}
    Saga({ ...options, steps: nodes } as never)(AnySaga as never);
    sagas.set(options.name, AnySaga);
  }
  return { sagas, providers: [...sagas.values(), ...steps] };
}

function stepClass(spec: StepSpec, outside: Outside): StepType {
  class ChaosStep {
    async act(context: Trail, execution: StepExecution): Promise<string> {
      context.trail = [...context.trail.filter((step) => step !== spec.name), spec.name];
      await perform(spec, execution, outside);
      return `${spec.name} done`;
    }
  }
  if (spec.kind === 'compensatable') {
    Object.assign(ChaosStep.prototype, {
      async compensate(context: Trail, _: unknown, execution: StepExecution): Promise<void> {
        context.trail = context.trail.filter((step) => step !== spec.name);
        await perform(spec, execution, outside);
      },
    });
  }
  SagaStep(optionsOf(spec) as never)(ChaosStep as never);
  return ChaosStep;
}

function optionsOf({ name, kind, timeout, retryCount, transactional, ...step }: StepSpec): object {
  const { compensation, compensateOnFailure } = step;
  const retry = { retryDelay: 5, retryBackoff: 1, ...(kind === 'retriable' ? {} : { retryCount }) };
  const common = { name, kind, retry, transactional, ...(timeout === undefined ? {} : { timeout }) };
  return kind === 'compensatable' ? { ...common, compensation, compensateOnFailure } : common;
}

async function perform(step: StepSpec, execution: StepExecution, { seed, ledger, storage }: Outside): Promise<void> {
  const { sagaId, phase, attempt, signal } = execution;
  const effect = async (): Promise<void> => {
    if (step.transactional) {
      const { transaction } = execution as TransactionalExecution;
      await writeApplicationRow(storage, transaction, { sagaId, step: step.name, phase, attempt });
    } else if (step.kind !== 'readonly') ledger.note(execution);
  };
  const [before, behind] = slownessOf({ seed, sagaId, step, phase, attempt });
  switch (outcomeOf({ seed, sagaId, step, phase, attempt })) {
    case 'ok':
      return effect();
    case 'slow':
      await setTimeout(before, undefined, { signal });
      await effect();
      await setTimeout(behind, undefined, { signal });
      return;
    case 'throws':
      throw new Refusal(`${step.name} refuses`);
    case 'fatal':
      throw new NonRetryableError(`${step.name} refuses for good`);
    case 'lost':
      throw new OutcomeUnknownError(`nobody knows about ${step.name}`);
    case 'unknown':
      await effect();
      throw new OutcomeUnknownError(`nobody knows about ${step.name}`);
    case 'hangs':
      await effect();
      await setTimeout(60_000, undefined, { signal });
      return;
    case 'saves':
      await execution.save();
      return effect();
    case 'saves-throws':
      await effect();
      await execution.save();
      throw new Refusal(`${step.name} refuses half-way`);
  }
}
