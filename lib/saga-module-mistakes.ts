import {
  aboveZero,
  anything,
  flag,
  optionMistakes,
  shown,
  timerLength,
  wholeNumber,
  type OptionCheck,
  type OptionChecks,
} from './definition/option-mistakes.js';
import type { SagaModuleOptions } from './saga-module-options.js';
import { SagaStorage } from './storage/saga-storage.js';

const WHERE = 'SagaModule.forRoot()';

const storage: OptionCheck = (value) =>
  value instanceof SagaStorage || isStorageLike(value)
    ? undefined
    : `must be a SagaStorage, such as new InMemorySagaStorage(), not ${shown(value)}`;

const list: OptionCheck = (value) => (Array.isArray(value) ? undefined : `must be a list, not ${shown(value)}`);

const count: OptionCheck = (value) => (value === Infinity ? undefined : wholeNumber(value));

const OPTIONS: OptionChecks = {
  storage,
  compensation: anything,
  recovery: anything,
  lease: anything,
  shutdown: anything,
  concurrency: count,
  serializer: anything,
  interceptors: list,
  inheritAppConfig: flag,
};

const GROUPS: Readonly<Record<string, OptionChecks>> = {
  recovery: { enabled: flag, interval: timerLength, maxAttempts: wholeNumber, concurrency: wholeNumber, sagas: list },
  lease: { duration: timerLength },
  shutdown: { gracePeriod: aboveZero },
};

/** Everything that is wrong with the module's own options, one sentence each. Those of `compensation` are looked at with the sagas'. */
export function moduleMistakes(options: SagaModuleOptions): readonly string[] {
  const missing =
    options.storage === undefined
      ? [`${WHERE}: \`storage\` is missing; new InMemorySagaStorage() will do for tests`]
      : [];
  const groups = Object.entries(GROUPS).flatMap(([name, checks]) => {
    const group: unknown = options[name as keyof SagaModuleOptions];
    if (group === undefined) return [];
    if (typeof group !== 'object' || group === null)
      return [`${WHERE}: \`${name}\` must be an object, not ${shown(group)}`];
    return optionMistakes(`${WHERE}, ${name}`, group, checks);
  });
  return [...missing, ...optionMistakes(WHERE, options, OPTIONS), ...groups];
}

/** What is wrong when an application has the module more than once, each with a worker of its own. */
export function importMistakes(modules: number): readonly string[] {
  if (modules === 1) return [];
  return [
    `SagaModule is imported ${String(modules)} times, each time with options of its own: it would depend on the order of imports where a ` +
      `saga is stored. Call ${WHERE} or forRootAsync() once, in the root module; it is global. Where other modules have to ` +
      'name it, keep what it returns in a constant, and import that everywhere',
  ];
}

/** A storage of another copy of this package. */
function isStorageLike(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'transition' in value && 'claim' in value && 'capabilities' in value
  );
}
