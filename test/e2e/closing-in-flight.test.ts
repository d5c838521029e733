import { expect, it } from '@jest/globals';
import {
  InMemorySagaStorage,
  SagaClosedError,
  SagaStep,
  type SagaTransition,
  type TransitionResult,
} from '../../lib/index.js';
import { saga, startApplication } from './application.js';
import { refuse } from './behaviours.js';
import { Gate, eventually } from './eventually.js';

const HOUR = 3_600_000;

/** Stores at once, and answers when the gate is open: a database on the other side of a network. */
class FarStorage extends InMemorySagaStorage {
  readonly gate = new Gate();

  override async transition(transition: SagaTransition): Promise<TransitionResult> {
    const result = await super.transition(transition);
    await this.gate.passed;
    return result;
  }
}

it('closes at once when the write before a long wait is still on its way', async () => {
  @SagaStep({ name: 'a', retry: { retryCount: 2, retryDelay: HOUR, maxRetryDelay: HOUR } })
  class Step {
    act(): void {
      refuse();
    }
    compensate(): void {}
  }
  const S = saga('S', [Step]);
  const storage = new FarStorage();
  const { runner, close } = await startApplication([S], { storage, shutdown: { gracePeriod: HOUR } });
  await runner.start(S, {}, { id: 's' });
  await eventually(async () => {
    expect((await storage.history('s')).map(({ event }) => event)).toContain('failed');
  });
  const closed = close();
  await eventually(() => expect(runner.recover('s')).rejects.toBeInstanceOf(SagaClosedError));
  storage.gate.open();
  await closed;
  expect((await storage.history('s')).at(-1)).toMatchObject({ event: 'failed', retryIn: expect.any(Number) });
});
