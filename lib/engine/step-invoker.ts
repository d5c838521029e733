import type { InjectionToken, NestInterceptor, Type } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import type { ContextId, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { RegisteredSaga } from '../discovery/registered-saga.js';
import type { ProviderWrapper, RegisteredStep } from '../discovery/registered-step.js';
import type { SagaRequest } from '../enhancers/saga-request.js';
import { HandlerMissingError } from '../errors/handler-missing-error.js';
import { SagaConfigurationError } from '../errors/saga-configuration-error.js';
import type { Phase } from '../storage/log-entry.js';
import { buildCall } from './invoke/build-call.js';
import { EnhancerLayer, type Call, type Host } from './invoke/enhancer-layer.js';
import { enhancerMistakes } from './invoke/enhancer-mistakes.js';
import { ApplicationEnhancers, noGlobalEnhancers } from './invoke/global-enhancers.js';
import type { StepCall } from './step-call.js';

export interface StepInvokerOptions {
  /** That of the module whose providers the interceptors may inject. */
  readonly moduleRef: ModuleRef;
  readonly modules: ModulesContainer;
  /** Nest's own, which knows the application's global enhancers. */
  readonly externalContextCreator: ExternalContextCreator;
  /** Run around every step of every saga; classes are instantiated with their dependencies. Default: none. */
  readonly interceptors?: readonly (NestInterceptor | Type<NestInterceptor>)[];
  /** Whether the application's global enhancers run around every step. Default: `false`. */
  readonly inheritAppConfig?: boolean;
}

type StepCalls = Readonly<Record<Phase, Call | undefined>>;

/** The DI context of one saga's execution, and what was made in it. */
interface SagaScope {
  readonly contextId: ContextId;
  readonly calls: Map<RegisteredStep, Promise<StepCalls>>;
}

/**
 * Calls a phase of a step through Nest's enhancers: the module's interceptors, those of the saga's class, of the step's
 * class, of its method. What needs no DI context of its own is put together once, when the application starts.
 */
export class StepInvoker {
  readonly #calls = new Map<RegisteredStep, StepCalls>();
  readonly #scopes = new WeakMap<object, SagaScope>();
  #sagaLayer: EnhancerLayer;
  #stepLayer: EnhancerLayer;
  #application?: ApplicationEnhancers;

  constructor(private readonly options: StepInvokerOptions) {
    this.#sagaLayer = new EnhancerLayer(options.modules, noGlobalEnhancers);
    this.#stepLayer = this.#sagaLayer;
  }

  /**
   * Puts the calls of all steps together, once, when the application starts: about 0.1 ms each. Those of a saga or step with
   * something request-scoped or transient are put together when they are first needed in each saga.
   *
   * @throws {SagaConfigurationError} when Nest would leave out an enhancer.
   * @throws what the constructor of an interceptor throws, and Nest where a dependency of one is missing.
   */
  async prepare(sagas: readonly RegisteredSaga[]): Promise<void> {
    const mistakes = sagas.flatMap(mistakesOf);
    if (mistakes.length > 0) throw new SagaConfigurationError([...new Set(mistakes)]);
    const { modules, interceptors = [], inheritAppConfig = false, externalContextCreator } = this.options;
    const instances = await Promise.all(interceptors.map((interceptor) => this.#interceptor(interceptor)));
    this.#sagaLayer = new EnhancerLayer(modules, { ...noGlobalEnhancers, interceptors: instances });
    if (inheritAppConfig) {
      const application = new ApplicationEnhancers(externalContextCreator);
      if (application.perSaga) this.#application = application;
      else this.#stepLayer = new EnhancerLayer(modules, application.shared());
    }
    for (const saga of sagas) {
      for (const step of saga.steps.values()) {
        if (!this.#isPerSaga(saga, step)) this.#calls.set(step, this.#staticCalls(saga, step));
      }
    }
  }

  /**
   * Resolves with what the enhancers around the step return, an observable's last value, `undefined` for one that was
   * empty in the handler; rejects with what they throw. `call.attempt` tells afterwards what became of the handler.
   *
   * @throws {HandlerMissingError} when the step does not have this phase.
   */
  invoke(call: StepCall): Promise<unknown> {
    const calls = this.#calls.get(call.step);
    if (calls === undefined) return this.#invokeInScope(call);
    try {
      return this.#enter(calls, call);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #invokeInScope(call: StepCall): Promise<unknown> {
    return this.#enter(await this.#scopedCalls(call), call);
  }

  #enter(calls: StepCalls, { saga, step, attempt, context, result }: StepCall): Promise<unknown> {
    const call = calls[attempt.phase];
    if (call === undefined) {
      throw new HandlerMissingError({ sagaId: attempt.sagaId, saga: saga.name, step: step.name });
    }
    return Promise.resolve(call(context, result, attempt, saga.definition)).then(lastValue);
  }

  /** Lets go of the request-scoped instances of a saga's execution. */
  release(scope: object): void {
    this.#scopes.delete(scope);
  }

  #isPerSaga(saga: RegisteredSaga, step: RegisteredStep): boolean {
    return step.perSaga || isScoped(saga.wrapper) || this.#application !== undefined;
  }

  #staticCalls(saga: RegisteredSaga, step: RegisteredStep): StepCalls {
    return phases({
      saga: { instance: saga.wrapper.instance as object, wrapper: saga.wrapper },
      step: { instance: step.wrapper.instance as object, wrapper: step.wrapper },
      sagaLayer: this.#sagaLayer,
      stepLayer: this.#stepLayer,
    });
  }

  #scopedCalls({ saga, step, attempt, scope }: Pick<StepCall, 'saga' | 'step' | 'attempt' | 'scope'>) {
    const { contextId, calls } = this.#scopeOf(scope, { sagaId: attempt.sagaId, sagaName: attempt.sagaName });
    const known = calls.get(step);
    if (known !== undefined) return known;
    const made = this.#makeCalls(saga, step, contextId);
    calls.set(step, made);
    // The next attempt tries again: what a constructor connects to may be back by then.
    made.catch(() => calls.delete(step));
    return made;
  }

  async #makeCalls(saga: RegisteredSaga, step: RegisteredStep, contextId: ContextId): Promise<StepCalls> {
    const resolve = (token: InjectionToken) => this.#resolve(token, contextId);
    const host = async (token: InjectionToken, wrapper: ProviderWrapper): Promise<Host> => ({
      instance: (await resolve(token)) as object,
      wrapper,
      contextId,
    });
    return phases({
      saga: await host(saga.definition, saga.wrapper),
      step: await host(step.type, step.wrapper),
      sagaLayer: this.#sagaLayer,
      stepLayer:
        this.#application === undefined
          ? this.#stepLayer
          : new EnhancerLayer(this.options.modules, await this.#application.forSaga(resolve)),
    });
  }

  #scopeOf(scope: object, request: SagaRequest): SagaScope {
    const known = this.#scopes.get(scope);
    if (known !== undefined) return known;
    const contextId = ContextIdFactory.create();
    this.options.moduleRef.registerRequestByContextId(request, contextId);
    const made: SagaScope = { contextId, calls: new Map() };
    this.#scopes.set(scope, made);
    return made;
  }

  #resolve(token: InjectionToken, contextId: ContextId): Promise<unknown> {
    return this.options.moduleRef.resolve(token as Type, contextId, { strict: false });
  }

  /** A class that some module provides is that provider; any other is made here, from what this module can inject. */
  async #interceptor(interceptor: NestInterceptor | Type<NestInterceptor>): Promise<NestInterceptor> {
    if (typeof interceptor !== 'function') return interceptor;
    const { moduleRef, modules } = this.options;
    const provided = [...modules.values()].some((module) => module.hasProvider(interceptor));
    return provided ? moduleRef.get(interceptor, { strict: false }) : moduleRef.create(interceptor);
  }
}

function lastValue(answer: unknown): unknown {
  return isObservable(answer) ? lastValueFrom(answer) : answer;
}

function phases(parts: Omit<Parameters<typeof buildCall>[0], 'phase'>): StepCalls {
  return { act: buildCall({ ...parts, phase: 'act' }), compensate: buildCall({ ...parts, phase: 'compensate' }) };
}

function mistakesOf({ wrapper, definition, steps }: RegisteredSaga): readonly string[] {
  return [
    ...enhancerMistakes(wrapper, definition),
    ...[...steps.values()].flatMap((step) => enhancerMistakes(step.wrapper, step.type)),
  ];
}

function isScoped(wrapper: ProviderWrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}
