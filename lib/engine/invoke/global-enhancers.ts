import type { CanActivate, ExceptionFilter, InjectionToken, NestInterceptor, PipeTransform } from '@nestjs/common';
import type { ApplicationConfig, ExternalContextCreator } from '@nestjs/core';
import { SagaConfigurationError } from '../../errors/saga-configuration-error.js';

/** Enhancers around those of a class, as an application's global ones are around a controller's. */
export interface GlobalEnhancers {
  readonly guards: readonly CanActivate[];
  readonly pipes: readonly PipeTransform[];
  readonly interceptors: readonly NestInterceptor[];
  readonly filters: readonly ExceptionFilter[];
}

export const noGlobalEnhancers: GlobalEnhancers = { guards: [], pipes: [], interceptors: [], filters: [] };

/** Finds what a provider's token stands for. */
export type Resolve = (token: InjectionToken) => Promise<unknown>;

/** The application's own global enhancers, which `inheritAppConfig: true` brings around each step. */
export class ApplicationEnhancers {
  readonly #config: ApplicationConfig;

  /** @throws {SagaConfigurationError} when this release of Nest keeps them elsewhere. */
  constructor(creator: ExternalContextCreator) {
    // Nest injects its ApplicationConfig nowhere. The creator that it injects holds the container that has it.
    const config = (creator as unknown as { container?: { applicationConfig?: ApplicationConfig } }).container
      ?.applicationConfig;
    if (config === undefined) {
      throw new SagaConfigurationError([
        "inheritAppConfig: this release of Nest does not tell which enhancers are global. Bind them by forRoot({ interceptors }) and by decorators on sagas and steps, or use a release that is among this package's peer dependencies.",
      ]);
    }
    this.#config = config;
  }

  /** Whether some are request-scoped or transient: these are made for each saga. */
  get perSaga(): boolean {
    const { guards, pipes, interceptors, filters } = this.#scoped();
    return [guards, pipes, interceptors, filters].some((tokens) => tokens.length > 0);
  }

  /** Those that are made once. */
  shared(): GlobalEnhancers {
    return {
      guards: this.#config.getGlobalGuards(),
      pipes: this.#config.getGlobalPipes(),
      interceptors: this.#config.getGlobalInterceptors(),
      filters: this.#config.getGlobalFilters(),
    };
  }

  /** All of them, for one saga. */
  async forSaga(resolve: Resolve): Promise<GlobalEnhancers> {
    const shared = this.shared();
    const scoped = this.#scoped();
    const all = async <E>(tokens: readonly InjectionToken[]) => (await Promise.all(tokens.map(resolve))) as E[];
    return {
      guards: [...shared.guards, ...(await all<CanActivate>(scoped.guards))],
      pipes: [...shared.pipes, ...(await all<PipeTransform>(scoped.pipes))],
      interceptors: [...shared.interceptors, ...(await all<NestInterceptor>(scoped.interceptors))],
      filters: [...shared.filters, ...(await all<ExceptionFilter>(scoped.filters))],
    };
  }

  #scoped() {
    const tokens = (wrappers: readonly { token: InjectionToken }[]) => wrappers.map(({ token }) => token);
    return {
      guards: tokens(this.#config.getGlobalRequestGuards()),
      pipes: tokens(this.#config.getGlobalRequestPipes()),
      interceptors: tokens(this.#config.getGlobalRequestInterceptors()),
      filters: tokens(this.#config.getGlobalRequestFilters()),
    };
  }
}
