import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  ConflictException,
  ForbiddenException,
  Logger,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
} from '@nestjs/common';
import {
  catchError,
  delay,
  EMPTY,
  from,
  map,
  NEVER,
  of,
  retry,
  tap,
  throwError,
  timeout,
  TimeoutError,
  type Observable,
} from 'rxjs';
import { Saga } from '../../lib/definition/saga.decorator.js';
import { SagaDefinition } from '../../lib/definition/saga-definition.js';
import { SagaStep } from '../../lib/definition/saga-step.decorator.js';
import { OutcomeUnknownError } from '../../lib/errors/outcome-unknown-error.js';
import { StepInvocations } from './step-invocations.js';

type Act = () => unknown;
let application: StepInvocations | undefined;

afterEach(() => application?.app.close());

/** Invokes a step whose act is this one, with these decorators on the method. */
async function invoke(act: Act, ...decorators: readonly MethodDecorator[]) {
  let entered = 0;
  @SagaStep()
  class Step {
    act(): unknown {
      entered++;
      return act();
    }
    async compensate(): Promise<void> {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Step.prototype, 'act')!;
  for (const decorate of decorators) decorate(Step.prototype, 'act', descriptor);
  @Saga({ steps: [Step] })
  class StepSaga extends SagaDefinition<object> {}
  application = await StepInvocations.in({ providers: [Step, StepSaga] });
  const { attempt, ...invocation } = await application.act(StepSaga, Step);
  return { ...invocation, entered, attempt };
}

const intercept = (around: (handled: Observable<unknown>, context: ExecutionContext) => Observable<unknown>) =>
  UseInterceptors({ intercept: (context: ExecutionContext, next: CallHandler) => around(next.handle(), context) });

const declined = new ConflictException('declined');
const declines = async () => {
  throw declined;
};

/** Throws the first time only. */
function flaky(): Act {
  let calls = 0;
  return async () => {
    if (++calls === 1) throw declined;
    return 'charged';
  };
}

@Catch(ConflictException)
class AnswerInstead {
  catch() {
    return 'instead';
  }
}

describe('A handler without enhancers', () => {
  it('completes with what it returns, at once or later', async () => {
    expect((await invoke(() => 'charged')).value).toBe('charged');
    expect((await invoke(async () => 'charged')).value).toBe('charged');
    expect((await invoke(() => undefined)).value).toBeUndefined();
  });

  it('completes with the last value of its observable', async () => {
    expect((await invoke(() => from(['asked', 'charged']))).value).toBe('charged');
  });

  it('completes with nothing when its observable emits nothing', async () => {
    const { value, error } = await invoke(() => EMPTY);
    expect({ value, error }).toEqual({ value: undefined, error: undefined });
  });

  it.each([
    ['a promise', declines],
    [
      'a throw',
      () => {
        throw declined;
      },
    ],
    ['an observable', () => throwError(() => declined)],
  ])('has failed with its own error when that came by %s', async (_, act) => {
    expect(await invoke(act)).toMatchObject({ error: declined, outcome: 'failed' });
  });

  it('leaves it open when it says so itself', async () => {
    const act = () => Promise.reject(new OutcomeUnknownError('no answer'));
    expect(await invoke(act)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('An interceptor', () => {
  it('maps the result', async () => {
    const doubled = intercept((handled) => handled.pipe(map((amount) => (amount as number) * 2)));
    expect((await invoke(async () => 21, doubled)).value).toBe(42);
  });

  it('sees every value of an observable', async () => {
    const seen: unknown[] = [];
    const watching = intercept((handled) => handled.pipe(tap((value) => seen.push(value))));
    expect((await invoke(() => from([1, 2, 3]), watching)).value).toBe(3);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('that retries enters the handler again, and it completes', async () => {
    const retrying = intercept((handled) => handled.pipe(retry({ count: 2, delay: 1 })));
    expect(await invoke(flaky(), retrying)).toMatchObject({ value: 'charged', entered: 2 });
  });

  it('that retries in vain leaves it failed: each entry threw', async () => {
    const retrying = intercept((handled) => handled.pipe(retry(2)));
    expect(await invoke(declines, retrying)).toMatchObject({ error: declined, outcome: 'failed', entered: 3 });
  });

  it('that times out leaves it open: the handler may still be at it', async () => {
    const impatient = intercept((handled) => handled.pipe(timeout(5)));
    const { error, outcome } = await invoke(() => new Promise(() => undefined), impatient);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(outcome).toBe('unknown');
  });

  it('that times out leaves it open for an observable too', async () => {
    const impatient = intercept((handled) => handled.pipe(timeout(5)));
    expect(await invoke(() => NEVER, impatient)).toMatchObject({ outcome: 'unknown' });
  });

  it('that times out and retries leaves it open, even if the later entry threw', async () => {
    let calls = 0;
    const act = () => (++calls === 1 ? NEVER : throwError(() => declined));
    const impatient = intercept((handled) => handled.pipe(timeout(5), retry(1)));
    expect(await invoke(act, impatient)).toMatchObject({ error: declined, outcome: 'unknown', entered: 2 });
  });

  it('that throws after the handler returned leaves it open', async () => {
    const checking = intercept((handled) =>
      handled.pipe(
        map(() => {
          throw new Error('bad answer');
        }),
      ),
    );
    expect(await invoke(async () => 'charged', checking)).toMatchObject({ outcome: 'unknown', entered: 1 });
  });

  it('that throws before the handler leaves it failed: nothing happened', async () => {
    const refusing = intercept(() => throwError(() => declined));
    expect(await invoke(async () => 'charged', refusing)).toMatchObject({ outcome: 'failed', entered: 0 });
  });

  it('that swallows the error makes the step complete', async () => {
    const swallowing = intercept((handled) => handled.pipe(catchError(() => of('nothing to charge'))));
    expect((await invoke(declines, swallowing)).value).toBe('nothing to charge');
  });

  it('that swallows the error without a value does not: the chain has no answer', async () => {
    const swallowing = intercept((handled) => handled.pipe(catchError(() => EMPTY)));
    expect(await invoke(declines, swallowing)).toMatchObject({ outcome: 'failed' });
  });

  it('that answers from a cache makes the step complete without the handler', async () => {
    const caching = intercept(() => of('cached').pipe(delay(1)));
    expect(await invoke(async () => 'charged', caching)).toMatchObject({ value: 'cached', entered: 0 });
  });
});

describe('A guard', () => {
  it('that refuses leaves it failed, and the handler is not called', async () => {
    const refusing = UseGuards({ canActivate: async () => false });
    const { error, outcome, entered } = await invoke(async () => 'charged', refusing);
    expect(error).toBeInstanceOf(ForbiddenException);
    expect({ outcome, entered }).toEqual({ outcome: 'failed', entered: 0 });
  });
});

describe('A filter', () => {
  it('that returns a value makes the step complete with it', async () => {
    expect((await invoke(declines, UseFilters(new AnswerInstead()))).value).toBe('instead');
  });

  it('that does not catch this error leaves it as it is, and Nest logs nothing', async () => {
    const logged: unknown[] = [];
    const error = new Error('no funds');
    const act = async () => {
      Logger.overrideLogger({
        log: () => undefined,
        warn: (line: unknown) => logged.push(line),
        error: (line: unknown) => logged.push(line),
      });
      throw error;
    };
    try {
      expect(await invoke(act, UseFilters(new AnswerInstead()))).toMatchObject({ error, outcome: 'failed' });
      expect(logged).toEqual([]);
    } finally {
      Logger.overrideLogger(['fatal']);
    }
  });

  it('that throws another error leaves it failed with that', async () => {
    @Catch()
    class Translate {
      catch() {
        throw new ConflictException('translated');
      }
    }
    const { error, outcome } = await invoke(declines, UseFilters(new Translate()));
    expect(error).toEqual(new ConflictException('translated'));
    expect(outcome).toBe('failed');
  });

  it.each([
    ['returns nothing', () => undefined],
    ['returns a promise of nothing', async () => undefined],
    ['returns an empty observable', () => EMPTY],
  ])('that %s does not hide the error', async (_, caught) => {
    @Catch()
    class Observe {
      catch(): unknown {
        return caught();
      }
    }
    expect(await invoke(declines, UseFilters(new Observe()))).toMatchObject({ error: declined, outcome: 'failed' });
  });

  it.each([
    ['a promise', async () => 'instead'],
    ['an observable', () => of('instead')],
  ])('may answer by %s', async (_, caught) => {
    @Catch()
    class Answer {
      catch(): unknown {
        return caught();
      }
    }
    expect((await invoke(declines, UseFilters(new Answer()))).value).toBe('instead');
  });

  it('may answer by an observable that fails, as those of microservices do', async () => {
    @Catch()
    class Rpc {
      catch(error: unknown) {
        return throwError(() => error);
      }
    }
    expect(await invoke(declines, UseFilters(new Rpc()))).toMatchObject({ error: declined, outcome: 'failed' });
  });

  it('leaves a handler alone that returns nothing', async () => {
    const { value, error } = await invoke(async () => undefined, UseFilters(new AnswerInstead()));
    expect({ value, error }).toEqual({ value: undefined, error: undefined });
  });
});
