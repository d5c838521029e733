import { describe, expect, it } from '@jest/globals';
import { didYouMean } from '../../lib/definition/did-you-mean.js';

describe('didYouMean', () => {
  it.each([
    ['timout', 'timeout'],
    ['retryCuont', 'retryCount'],
    ['TIMEOUT', 'timeout'],
    ['retryDelays', 'retryDelay'],
    ['retyr', 'retry'],
    ['tmie', 'time'],
  ])('takes %s for %s', (word, meant) => {
    expect(didYouMean(word, ['timeout', 'time', 'retry', 'retryCount', 'retryDelay', 'jitter'])).toBe(meant);
  });

  it('says nothing when nothing comes close', () => {
    expect(didYouMean('color', ['timeout', 'retryCount'])).toBeUndefined();
    expect(didYouMean('x', [])).toBeUndefined();
  });

  it('prefers the closest, and the first of equally close ones', () => {
    expect(didYouMean('OrderSag', ['OrderBag', 'OrderSaga', 'OrderSags'])).toBe('OrderBag');
    expect(didYouMean('OrderSaga', ['OrderSagas', 'OrderSaga'])).toBe('OrderSaga');
  });
});
