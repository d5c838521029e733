import { didYouMean } from './did-you-mean.js';
import { isWellFormed, sagaMistakes } from './saga-mistakes.js';
import { stepClasses } from './saga-nodes.js';
import { sagaName, sagaOptionsOf } from './definition-metadata.js';
import { compensationMistakes } from './retry-mistakes.js';
import type { CompensationOptions } from './retry-policy.js';
import { stepMistakes, type StepFacts, type StepProvider } from './step-mistakes.js';
import type { AnySagaClass } from './saga-definition.js';
import type { SagaOptions } from './saga.decorator.js';
import type { StepClass } from './step-handler.js';

/** A provider that is a saga definition, or looks like one. */
export interface SagaFacts {
  readonly type: AnySagaClass;
  /** The names of the modules that provide it. */
  readonly modules: readonly string[];
}

/** Everything that the rules of configuration look at. */
export interface ConfigurationFacts {
  readonly sagas: readonly SagaFacts[];
  /** What provides a step's class. */
  readonly providersOf: (step: StepClass<never>) => readonly StepProvider[];
  readonly storage: StepFacts['storage'];
  /** What is wrong with the module's own options. */
  readonly moduleMistakes?: readonly string[];
  /** `forRoot({ compensation })`. */
  readonly compensation?: CompensationOptions;
  /** `forRoot({ recovery: { sagas } })`. */
  readonly recoverySagas?: readonly string[];
}

/** Every mistake in the sagas of an application, one sentence each, so that they can be mended together. */
export function definitionMistakes(facts: ConfigurationFacts): readonly string[] {
  const sagas = facts.sagas.map((saga) => ({ ...saga, options: sagaOptionsOf(saga.type) }));
  const marked = sagas.filter((saga): saga is MarkedSaga => saga.options !== undefined);
  return [
    ...(facts.moduleMistakes ?? []),
    ...compensationMistakes('SagaModule.forRoot()', facts.compensation),
    ...sagas.filter(({ options }) => options === undefined).map(({ type }) => unmarked(type.name)),
    ...marked.flatMap(providedTwice),
    ...namedTwice(marked),
    ...marked.flatMap(({ type, options }) => sagaMistakes(type.name, options)),
    ...everyStep(marked).flatMap(({ type, usedBy }) =>
      stepMistakes({ type, usedBy, providers: facts.providersOf(type), storage: facts.storage }),
    ),
    ...unknownInRecovery(marked, facts.recoverySagas ?? []),
  ];
}

type MarkedSaga = SagaFacts & { readonly options: SagaOptions };

function unmarked(saga: string): string {
  return `${saga} extends SagaDefinition and is a provider, but is not marked @Saga()`;
}

function providedTwice({ type, modules }: MarkedSaga): string[] {
  if (modules.length < 2) return [];
  return [`${type.name} is provided by ${modules.join(' and ')}: leave it in one of them`];
}

function namedTwice(sagas: readonly MarkedSaga[]): string[] {
  const byName = new Map<string, MarkedSaga>();
  return sagas.flatMap((saga) => {
    const name = sagaName(saga.type);
    const first = byName.get(name);
    if (first === undefined) {
      byName.set(name, saga);
      return [];
    }
    return [`${first.type.name} and ${saga.type.name} are both named '${name}'; give one of them another \`name\``];
  });
}

/** Each step class once, whichever sagas name it. */
function everyStep(sagas: readonly MarkedSaga[]) {
  const steps = new Map<StepClass<never>, { readonly saga: string; readonly module: string }>();
  for (const { type, modules, options } of sagas) {
    if (!isWellFormed(options)) continue;
    for (const step of stepClasses(options.steps)) {
      if (!steps.has(step)) steps.set(step, { saga: type.name, module: modules[0] ?? 'its module' });
    }
  }
  return [...steps].map(([type, usedBy]) => ({ type, usedBy }));
}

function unknownInRecovery(sagas: readonly MarkedSaga[], wanted: readonly string[]): string[] {
  const names = sagas.map(({ type }) => sagaName(type));
  return wanted
    .filter((name) => !names.includes(name))
    .map((name) => {
      const best = didYouMean(name, names);
      const hint = best === undefined ? '' : `; did you mean '${best}'?`;
      return `SagaModule.forRoot(): \`recovery.sagas\` names '${name}', but there is no such saga${hint}`;
    });
}
