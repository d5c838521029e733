import type { LoggerService } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  InMemorySagaStorage,
  Saga,
  SagaDefinition,
  SagaModule,
  SagaRunner,
  SagaStep,
  type SagaModuleOptions,
  type SagaNode,
  type SagaOptions,
  type SagaStepOptions,
  type StepExecution,
} from '../../lib/index.js';

/** What the steps of these tests do to the world outside, in order. */
export class Effects {
  readonly log: string[] = [];

  note(effect: string): void {
    this.log.push(effect);
  }

  count(effect: string): number {
    return this.log.filter((noted) => noted === effect).length;
  }
}

/** The context of these tests: free for any use. */
export type Context = Record<string, unknown>;

export interface Behaviour {
  act?: (context: Context, execution: StepExecution) => unknown;
  compensate?: (context: Context, result: unknown, execution: StepExecution) => unknown;
  options?: SagaStepOptions;
}

/** A step class made for one test: it notes `name` and `-name`, and then behaves as told. */
export function step(
  effects: Effects,
  name: string,
  { act, compensate, options = {} }: Behaviour = {},
): SagaNode<Context> {
  const isForwardOnly = options.kind !== undefined && options.kind !== 'compensatable';
  class Step {
    async act(context: Context, execution: StepExecution): Promise<unknown> {
      effects.note(name);
      return act?.(context, execution);
    }
  }
  if (!isForwardOnly) {
    Object.assign(Step.prototype, {
      async compensate(context: Context, result: unknown, execution: StepExecution): Promise<void> {
        effects.note(`-${name}`);
        await compensate?.(context, result, execution);
      },
    });
  }
  SagaStep({ name, ...options } as never)(Step as never);
  return Step;
}

export type SagaType = new () => SagaDefinition<Context>;

/** A saga class made for one test. */
export function saga(
  name: string,
  steps: readonly SagaNode<Context>[],
  options: Omit<SagaOptions, 'steps'> = {},
): SagaType {
  class Definition extends SagaDefinition<Context> {}
  Saga({ name, ...options, steps } as never)(Definition as never);
  return Definition;
}

export interface Application {
  readonly module: TestingModule;
  readonly runner: SagaRunner;
  close(): Promise<void>;
}

/** Quick enough for tests; everything else is as by default. */
export const QUICK = {
  compensation: { retryDelay: 1 },
  recovery: { interval: 20 },
  lease: { duration: 3_000 },
  shutdown: { gracePeriod: 50 },
} satisfies Partial<SagaModuleOptions>;

export type ApplicationOptions = Partial<SagaModuleOptions> & {
  readonly providers?: readonly unknown[];
  /** Where the application logs to. Default: nowhere. */
  readonly logger?: LoggerService;
};

const SILENT: LoggerService = { log: () => undefined, error: () => undefined, warn: () => undefined };

/** Starts a Nest application with these sagas and their steps, as a process of its own would be. */
export async function startApplication(
  sagas: readonly SagaType[],
  options: ApplicationOptions = {},
): Promise<Application> {
  const { providers = [], logger = SILENT, ...given } = options;
  const module = await Test.createTestingModule({
    imports: [SagaModule.forRoot({ storage: new InMemorySagaStorage(), ...QUICK, ...given })],
    providers: [...sagas, ...new Set(sagas.flatMap(stepsOf)), ...(providers as never[])],
  })
    .setLogger(logger)
    .compile();
  await module.init();
  return { module, runner: module.get(SagaRunner), close: () => module.close() };
}

function stepsOf(type: SagaType): never[] {
  const options = Reflect.getOwnMetadata('nest-saga:saga', type) as SagaOptions;
  return options.steps.flatMap(classesOf) as never[];
}

function classesOf(node: SagaNode<never>): unknown[] {
  return typeof node === 'function' ? [node] : [node.primary, node.backup].flatMap((part) => classesOf(part));
}
