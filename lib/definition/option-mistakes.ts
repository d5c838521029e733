import { didYouMean } from './did-you-mean.js';

/** What is wrong with the value of one option, as the end of a sentence that begins with the option's name; `undefined`: nothing. */
export type OptionCheck = (value: unknown) => string | undefined;

/** The checks of an options object, by option; options that are not named here do not exist. */
export type OptionChecks = Readonly<Record<string, OptionCheck>>;

/**
 * What is wrong with an options object: names that do not exist, and values that cannot be meant. `where` begins each
 * sentence: the class and its decorator, or `forRoot()`. Options that are `undefined` are not given.
 */
export function optionMistakes(where: string, options: object, checks: OptionChecks): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined)
      return [`${where}: there is no option \`${name}\`${suggestion(name, Object.keys(checks))}`];
    const wrong = value === undefined ? undefined : check(value);
    return wrong === undefined ? [] : [`${where}: \`${name}\` ${wrong}`];
  });
}

/** `; did you mean …?`, or nothing. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const best = didYouMean(word, candidates);
  return best === undefined ? '' : `; did you mean \`${best}\`?`;
}

/** A value of an unknown type, short enough for a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return value.name === '' ? 'a function' : value.name;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

export const aboveZero: OptionCheck = (value) =>
  typeof value === 'number' && value > 0 && Number.isFinite(value)
    ? undefined
    : `must be a number above 0, not ${shown(value)}`;

/** The longest time that a timer of Node can wait; beyond it, timers fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const timerLength: OptionCheck = (value) =>
  typeof value === 'number' && value > LONGEST_TIMER
    ? `must be at most ${String(LONGEST_TIMER)} ms (24 days), the longest timer that there is, not ${shown(value)}`
    : aboveZero(value);

export const attemptCount: OptionCheck = (value) =>
  value === Infinity || (Number.isInteger(value) && (value as number) >= 1)
    ? undefined
    : `counts all attempts and must be a whole number from 1, or Infinity, not ${shown(value)}`;

export const wholeNumber: OptionCheck = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1
    ? undefined
    : `must be a whole number from 1, not ${shown(value)}`;

export const share: OptionCheck = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1
    ? undefined
    : `is a share and must lie between 0 and 1, not be ${shown(value)}`;

export const flag: OptionCheck = (value) =>
  typeof value === 'boolean' ? undefined : `must be true or false, not ${shown(value)}`;

export const callback: OptionCheck = (value) =>
  typeof value === 'function' ? undefined : `must be a function, not ${shown(value)}`;

export const nonEmptyText: OptionCheck = (value) =>
  typeof value === 'string' && value.trim() !== '' ? undefined : `must be a name, not ${shown(value)}`;

export function oneOf(...allowed: readonly string[]): OptionCheck {
  const all = allowed.map((value) => `'${value}'`).join(', ');
  return (value) => {
    if (typeof value === 'string' && allowed.includes(value)) return undefined;
    return `must be one of ${all}, not ${shown(value)}${typeof value === 'string' ? suggestion(value, allowed) : ''}`;
  };
}

export const anything: OptionCheck = () => undefined;
