import { Catch, type ExceptionFilter, type PipeTransform } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator, type ContextId, type ModulesContainer } from '@nestjs/core';
import type { NestContainer } from '@nestjs/core';
import { PipesContextCreator } from '@nestjs/core/pipes/pipes-context-creator.js';
import { isObservable, lastValueFrom } from 'rxjs';
import type { ProviderWrapper } from '../../discovery/registered-step.js';
import type { StepArguments } from '../../enhancers/step-arguments.js';
import type { Phase } from '../../storage/log-entry.js';
import type { StepAttempt } from '../step-attempt.js';
import { decoratedParameters, hasEnhancers, hasFilters, PARAMETERS } from './enhancer-metadata.js';
import type { GlobalEnhancers } from './global-enhancers.js';
import { standIn } from './stand-in.js';

/** A step's phase with some of its enhancers around it. */
export type Call = (...args: StepArguments<StepAttempt>) => unknown;

/** A saga or step whose class has enhancers: Nest looks for them in the module of its provider. */
export interface Host {
  readonly instance: object;
  readonly wrapper: ProviderWrapper;
  /** The DI context that it was resolved in. Absent: the application's. */
  readonly contextId?: ContextId;
}

/** A method whose decorated parameters are filled. */
export interface Parameters {
  readonly phase: Phase;
  readonly method: object;
  /** What their values go through first, before the layer's own pipes and those of class, method and parameter. */
  readonly outerPipes: readonly PipeTransform[];
}

/** What a method's parameters get, by place; `undefined` where they have no decorator. */
export type ResolveParameters = (...args: StepArguments<StepAttempt>) => Promise<unknown[]>;

/**
 * One ring of Nest's enhancers: the global ones that it is made with, then those of a host's class, then those of a
 * function. Nest runs them, by an `ExternalContextCreator` that has these global ones in place of the application's.
 */
export class EnhancerLayer {
  readonly #creator: ExternalContextCreator;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly globals: GlobalEnhancers,
  ) {
    this.#creator = this.#newCreator();
  }

  /** The call with guards, interceptors and filters around it, or the call itself where there are none. */
  around(host: Host, call: Call): Call {
    const targets = [call, ...classesOf(host)];
    const { guards, interceptors, filters } = this.globals;
    const filtered = filters.length > 0 || targets.some(hasFilters);
    const enhanced = guards.length > 0 || interceptors.length > 0 || targets.some(hasEnhancers);
    if (!filtered && !enhanced) return call;
    const intercepted = this.#create(host, call, { guards: true, interceptors: true, filters: false });
    return filtered ? this.#filtered(host, standIn(intercepted, call)) : intercepted;
  }

  /** The pipes of a host's class, for parameters of other classes. */
  pipes({ instance, wrapper, contextId }: Host): readonly PipeTransform[] {
    const creator = new PipesContextCreator(this.#container());
    return creator.create(instance, () => undefined, wrapper.host?.token ?? '', contextId, wrapper.id);
  }

  /** What fills a method's decorated parameters, pipes included. */
  parameters(host: Host, { phase, method, outerPipes }: Parameters): ResolveParameters {
    const collect = standIn((...values: unknown[]) => values, method);
    // A creator of its own: that of Nest 11 remembers parameters by names, and there may be two classes of one name.
    return this.#newCreator(outerPipes).create(
      host.instance,
      collect,
      phase,
      PARAMETERS,
      { exchangeKeyForValue: () => undefined },
      host.contextId,
      host.wrapper.id,
      { guards: false, interceptors: false, filters: false },
      'saga',
    ) as ResolveParameters;
  }

  /**
   * Nest takes a promise of nothing from a filter for an answer. Here it is none: an `async` filter that only writes a
   * line would make a success of a failed step. Only a value is.
   */
  #filtered(host: Host, call: Call): Call {
    const watched = async (...args: StepArguments<StepAttempt>) => {
      // Beyond the arguments that everybody sees, each call hands down a note of its own.
      const failure = args.pop() as Failure;
      try {
        return new Returned(await call(...args));
      } catch (error) {
        failure.error = error;
        throw error;
      }
    };
    const caught = this.#create(host, standIn(watched, call), { guards: false, interceptors: false, filters: true });
    return async (...args) => {
      const failure: Failure = { error: undefined };
      const answer = await (caught as (...all: unknown[]) => unknown)(...args, failure);
      if (answer instanceof Returned) return answer.value;
      const value = isObservable(answer) ? await lastValueFrom(answer, { defaultValue: undefined }) : answer;
      if (value === undefined) throw failure.error;
      return value;
    };
  }

  #create(host: Host, call: Call, run: { guards: boolean; interceptors: boolean; filters: boolean }): Call {
    const { instance, contextId, wrapper } = host;
    const callback = call as (...args: unknown[]) => unknown;
    // With neither parameters nor a factory for them, the callback gets what the proxy is called with.
    return this.#creator.create(
      instance,
      callback,
      call.name,
      undefined,
      undefined,
      contextId,
      wrapper.id,
      run,
      'saga',
    );
  }

  #newCreator(outerPipes: readonly PipeTransform[] = []): ExternalContextCreator {
    const config = new ApplicationConfig();
    config.useGlobalGuards(...this.globals.guards);
    config.useGlobalPipes(...outerPipes, ...this.globals.pipes);
    config.useGlobalInterceptors(...this.globals.interceptors);
    // The first one is asked last.
    config.useGlobalFilters(new RethrowFilter(), ...this.globals.filters);
    return ExternalContextCreator.fromContainer(this.#container(config));
  }

  /** As much of Nest's own as enhancers are made of. */
  #container(applicationConfig?: ApplicationConfig): NestContainer {
    return { applicationConfig, getModules: () => this.modules } as unknown as NestContainer;
  }
}

/** The places of the parameters that have a decorator. */
export function placesOf(host: Host, phase: Phase): readonly number[] {
  return classesOf(host).flatMap((type) => decoratedParameters(type, phase).map(({ index }) => index));
}

/** Else Nest would log every error that passes by filters which do not catch it; a failing step is nothing unusual here. */
@Catch()
class RethrowFilter implements ExceptionFilter {
  catch(error: unknown): never {
    throw error;
  }
}

interface Failure {
  error: unknown;
}

class Returned {
  constructor(readonly value: unknown) {}
}

/** The classes that may carry a host's metadata: a proxy or a mixin may make them two. */
function classesOf({ instance, wrapper }: Host): readonly object[] {
  const { metatype } = wrapper;
  const type = instance.constructor;
  return metatype === null || metatype === type || typeof metatype !== 'function' ? [type] : [type, metatype];
}
