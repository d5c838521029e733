import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  Saga,
  SagaDefinition,
  SagaStep,
  type RetrySchedule,
  type SagaStepOptions,
  type StepExecution,
  type TransactionalExecution,
} from 'nest-saga';
import { writeApplicationRow } from '../harness/application-table.js';
import type { StorageName } from '../harness/process-storage.js';
import type { CrashPoints } from './crash-points.js';
import type { EffectLedger } from './effect-ledger.js';

/** What the sagas of the crash tests carry along: which steps have acted, as far as the context knows. */
export interface Trail {
  steps: string[];
}

export type ScenarioName =
  'forward' | 'back' | 'stuck' | 'cancelled' | 'pivot' | 'leased' | 'held' | 'local forward' | 'local back';

export type SagaType = new () => SagaDefinition<Trail>;
export type StepType = new () => object;

export interface Scenario {
  readonly saga: SagaType;
  readonly steps: readonly StepType[];
}

/** How a crash test's step departs from simply doing its effect. */
interface Manner {
  readonly options?: SagaStepOptions;
  /** Makes the context durable between its effect and its end. */
  readonly saves?: true;
  /** Writes a row of the application in the transaction of its completion. */
  readonly local?: true;
  /** What it waits for in act, behind its effect. */
  readonly waitsFor?: (execution: StepExecution) => Promise<unknown>;
  /** Throws instead of doing anything. */
  readonly refuses?: true;
  /** Throws on these attempts of act, before its effect. */
  readonly failsActOn?: readonly number[];
  /** Throws on these attempts of compensate, before its effect. */
  readonly failsCompensateOn?: readonly number[] | 'each';
}

const SOON = { retryCount: 4, retryDelay: 5, retryBackoff: 1 };
/** So long that a process which takes a saga over is there before the next attempt is due. */
const LATER = { retryCount: 2, retryDelay: 400, retryBackoff: 1 };

/** How the compensations of a scenario are tried again. */
export function compensationOf(name: ScenarioName): Pick<RetrySchedule, 'retryCount' | 'retryDelay' | 'retryBackoff'> {
  return name === 'stuck' ? LATER : SOON;
}

export interface ScenarioParts {
  readonly ledger: EffectLedger;
  readonly points: CrashPoints;
  readonly storage: StorageName;
  /** The file that a held step waits for. */
  readonly gate: string;
  /** Whether the lease of this process has been renewed. */
  isRenewed(): boolean;
  /** An operator cancels a saga; resolves when that is stored. */
  cancel(sagaId: string): Promise<void>;
}

/** Builds a scenario's classes, whose effects go into `ledger` with a crash point on either side. */
export function scenario(name: ScenarioName, parts: ScenarioParts): Scenario {
  const step = (stepName: string, manner: Manner = {}): StepType => stepClass(stepName, manner, parts);
  const steps = stepsOf(name, step, parts);
  class CrashSaga extends SagaDefinition<Trail> {}
  Saga({ name, steps, compensation: compensationOf(name) } as never)(CrashSaga as never);
  return { saga: CrashSaga, steps };
}

function stepsOf(
  name: ScenarioName,
  step: (name: string, manner?: Manner) => StepType,
  { gate, isRenewed, cancel }: ScenarioParts,
): readonly StepType[] {
  switch (name) {
    case 'forward':
      return [step('A'), step('B', { saves: true }), step('C')];
    case 'back':
      return [
        step('A'),
        step('B', { failsActOn: [1], failsCompensateOn: [1], options: { retry: SOON } }),
        step('C', { refuses: true }),
      ];
    case 'stuck':
      return [step('A'), step('B', { failsCompensateOn: 'each' }), step('C', { refuses: true })];
    case 'cancelled':
      return [
        step('A'),
        step('B', {
          // Its operator asks once: whoever acts it again has to know of it, or it never happened.
          waitsFor: async ({ sagaId, attempt }) => (attempt === 1 ? cancel(sagaId) : undefined),
        }),
        step('C'),
      ];
    case 'leased':
      return [step('A'), step('B', { waitsFor: () => until(isRenewed) })];
    case 'pivot':
      return [
        step('A'),
        step('P', { options: { kind: 'pivot' } }),
        step('R', { failsActOn: [1], options: { kind: 'retriable', retry: { retryDelay: 5 } } }),
      ];
    case 'local forward':
      return [step('A', { local: true })];
    case 'local back':
      return [step('A', { local: true }), step('B', { local: true, refuses: true })];
    case 'held':
      return [step('A'), step('B', { waitsFor: () => until(() => existsSync(gate)) }), step('C')];
  }
}

function stepClass(name: string, manner: Manner, { ledger, points, storage }: ScenarioParts): StepType {
  const { options = {}, local, saves, waitsFor, refuses, failsActOn = [], failsCompensateOn = [] } = manner;
  const effect = async (execution: StepExecution): Promise<void> => {
    await points.reach({ sagaId: execution.sagaId, name: `before ${execution.phase} of ${name}` });
    ledger.note(execution);
    await points.reach({ sagaId: execution.sagaId, name: `after ${execution.phase} of ${name}` });
  };
  const writeRow = async (execution: StepExecution): Promise<void> => {
    const { sagaId, phase, attempt } = execution;
    const { transaction } = execution as TransactionalExecution;
    await writeApplicationRow(storage, transaction, { sagaId, step: name, phase, attempt });
    await points.reach({ sagaId, name: `after row of ${phase} of ${name}` });
  };
  class CrashStep {
    async act(context: Trail, execution: StepExecution): Promise<string> {
      if (refuses || failsActOn.includes(execution.attempt)) throw new Error(`${name} refuses`);
      await effect(execution);
      if (local) await writeRow(execution);
      context.steps.push(name);
      await waitsFor?.(execution);
      if (saves) await execution.save();
      return `${name} done`;
    }
  }
  if (options.kind === undefined) {
    Object.assign(CrashStep.prototype, {
      async compensate(context: Trail, _: unknown, execution: StepExecution): Promise<void> {
        if (failsCompensateOn === 'each' || failsCompensateOn.includes(execution.attempt))
          throw new Error(`${name} cannot be undone yet`);
        await effect(execution);
        if (local) await writeRow(execution);
        context.steps = context.steps.filter((step) => step !== name);
      },
    });
  }
  SagaStep({ name, ...options, ...(local && { transactional: true }) } as never)(CrashStep as never);
  return CrashStep;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(5);
}
