import {
  aboveZero,
  attemptCount,
  callback,
  oneOf,
  optionMistakes,
  share,
  shown,
  timerLength,
  type OptionChecks,
} from './option-mistakes.js';

const SCHEDULE: OptionChecks = {
  retryCount: attemptCount,
  retryDelay: aboveZero,
  retryBackoff: aboveZero,
  maxRetryDelay: aboveZero,
  jitter: share,
};

const RETRY: OptionChecks = { ...SCHEDULE, retryIf: callback };

const COMPENSATION: OptionChecks = { ...SCHEDULE, timeout: timerLength, onExhausted: oneOf('continue', 'halt') };

/** What is wrong with the option `retry` of `where`. */
export function retryMistakes(where: string, retry: unknown): string[] {
  return nested(where, 'retry', retry, RETRY);
}

/** What is wrong with the option `compensation` of `where`. */
export function compensationMistakes(where: string, compensation: unknown): string[] {
  return nested(where, 'compensation', compensation, COMPENSATION);
}

function nested(where: string, option: string, value: unknown, checks: OptionChecks): string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null)
    return [`${where}: \`${option}\` must be an object, not ${shown(value)}`];
  return optionMistakes(`${where}, ${option}`, value, checks);
}
