import { describe, expect, test } from '@jest/globals';
import { BadRequestException, ConflictException, HttpException, NotFoundException } from '@nestjs/common';
import { ContextTooLargeError } from '../../lib/errors/context-too-large-error.js';
import { DefinitionChangedError } from '../../lib/errors/definition-changed-error.js';
import { ExecutionEndedError } from '../../lib/errors/execution-ended-error.js';
import { SagaNotStartedError } from '../../lib/errors/saga-not-started-error.js';
import { HandlerMissingError } from '../../lib/errors/handler-missing-error.js';
import { InvalidSagaContextError } from '../../lib/errors/invalid-saga-context-error.js';
import { NonRetryableError } from '../../lib/errors/non-retryable-error.js';
import { OutcomeUnknownError } from '../../lib/errors/outcome-unknown-error.js';
import { RequestRefusedError } from '../../lib/errors/request-refused-error.js';
import { SagaCancelledError } from '../../lib/errors/saga-cancelled-error.js';
import { SagaClosedError } from '../../lib/errors/saga-closed-error.js';
import { SagaConflictError } from '../../lib/errors/saga-conflict-error.js';
import { SagaDeadlineError } from '../../lib/errors/saga-deadline-error.js';
import { SagaError } from '../../lib/errors/saga-error.js';
import { SagaInterruptedError } from '../../lib/errors/saga-interrupted-error.js';
import { SagaNotFoundError } from '../../lib/errors/saga-not-found-error.js';
import { StaleSagaError } from '../../lib/errors/stale-saga-error.js';
import { StepTimeoutError } from '../../lib/errors/step-timeout-error.js';
import { StreamEndedError } from '../../lib/errors/stream-ended-error.js';
import { UnreadableSagaError } from '../../lib/errors/unreadable-saga-error.js';
import { UnreadableValueError } from '../../lib/errors/unreadable-value-error.js';
import { UnserializableValueError } from '../../lib/errors/unserializable-value-error.js';

const cause = new Error('behind it');
const owner = { saga: 'OrderSaga', sagaId: 'o-1', step: 'charge' };

const errors: readonly (SagaError | (Error & { code: string }))[] = [
  new InvalidSagaContextError('OrderSaga', [{ path: 'amount', message: 'amount must be positive' }], { sagaId: 'o-1' }),
  new SagaConflictError({ sagaId: 'o-1', existing: 'RefundSaga', requested: 'OrderSaga' }),
  new SagaNotFoundError('o-1'),
  new ContextTooLargeError('result', 2_000, 1_000, owner),
  new UnserializableValueError('context', 'context.card', 'is a function.', owner),
  new UnreadableValueError('context', 'it is no object', owner),
  new SagaInterruptedError('o-1', 'storage', { cause }),
  new SagaClosedError(),
  new StaleSagaError({ sagaId: 'o-1', version: 3 }),
  new StepTimeoutError({ sagaId: 'o-1', step: 'charge', phase: 'act', timeout: 500 }),
  new OutcomeUnknownError('no answer', { cause }),
  new NonRetryableError('the card was stolen', { cause }),
  new SagaCancelledError({ sagaId: 'o-1', reason: 'changed their mind', by: 'ada' }),
  new SagaDeadlineError({ sagaId: 'o-1', deadline: 60_000 }),
  new DefinitionChangedError({ sagaId: 'o-1', saga: 'OrderSaga' }),
  new HandlerMissingError({ sagaId: 'o-1', saga: 'OrderSaga', step: 'charge' }),
  new RequestRefusedError({ sagaId: 'o-1', type: 'cancel', why: 'it is completed' }),
  new UnreadableSagaError({ sagaId: 'o-1', problem: 'row 3 is damaged' }),
  new StreamEndedError('o-1'),
  new ExecutionEndedError({ sagaId: 'o-1', step: 'charge' }),
  new SagaNotStartedError('o-1'),
];

describe('every error of this library', () => {
  test.each(errors.map((error) => [error.constructor.name, error] as const))(
    '%s is a SagaError with a name, a stable code and an own class',
    (name, error) => {
      expect(error).toBeInstanceOf(SagaError);
      expect(error).toBeInstanceOf(error.constructor);
      expect(error.name).toBe(name);
      expect(error.code).toMatch(/^SAGA_[A-Z_]+$/);
    },
  );

  test('has a code of its own', () => {
    expect(new Set(errors.map(({ code }) => code)).size).toBe(errors.length);
  });

  test('says which saga it is about, in its message and as a property', () => {
    const own = ['OutcomeUnknownError', 'NonRetryableError', 'SagaClosedError', 'InvalidSagaContextError'];
    for (const error of errors.filter(({ name }) => !own.includes(name))) {
      expect(error.message).toContain("'o-1'");
      expect(error).toHaveProperty('sagaId', 'o-1');
    }
  });

  test('keeps its cause', () => {
    expect(errors.filter((error) => error.cause === cause)).toHaveLength(3);
  });

  test('answers an HTTP caller with a body that carries message and code', () => {
    for (const error of errors.filter((each) => each instanceof HttpException)) {
      expect(error.getResponse()).toEqual({
        statusCode: error.getStatus(),
        error: expect.any(String),
        message: expect.anything(),
        code: (error as HttpException & { code: string }).code,
      });
    }
  });
});

test('an ordinary error is no SagaError, and one SagaError is not another', () => {
  expect(new Error('x')).not.toBeInstanceOf(SagaError);
  expect(undefined).not.toBeInstanceOf(SagaError);
  expect(new SagaNotFoundError('o-1')).not.toBeInstanceOf(SagaConflictError);
  expect(new NonRetryableError('x')).not.toBeInstanceOf(OutcomeUnknownError);
});

test('errors that a client caused are the Nest exceptions of their status', () => {
  expect(new SagaNotFoundError('o-1')).toBeInstanceOf(NotFoundException);
  expect(new SagaConflictError({ sagaId: 'o', existing: 'A', requested: 'B' })).toBeInstanceOf(ConflictException);
  expect(new InvalidSagaContextError('A', [])).toBeInstanceOf(BadRequestException);
  expect(new SagaInterruptedError('o-1', 'closing').getStatus()).toBe(503);
  expect(new SagaDeadlineError({ sagaId: 'o-1', deadline: 1 }).getStatus()).toBe(504);
  expect(new ContextTooLargeError('context', 2, 1).getStatus()).toBe(413);
});

test('an invalid context names each property once, in the message and in the body', () => {
  const error = new InvalidSagaContextError('OrderSaga', [
    { path: 'items[2].price', message: 'Too small' },
    { path: 'amount', message: 'amount must be a number' },
  ]);
  expect(error.message).toContain('saga OrderSaga');
  expect(error.message).toContain('items[2].price: Too small; amount must be a number');
  expect(error.getResponse()).toMatchObject({ message: ['items[2].price: Too small', 'amount must be a number'] });
});

test('a value is described by its step and saga', () => {
  expect(new UnserializableValueError('result', 'result.x', 'is a symbol.', owner).message).toBe(
    "The result of step charge of saga OrderSaga 'o-1' cannot be stored: result.x is a symbol.",
  );
  expect(new UnserializableValueError('context', 'context.x', 'is a symbol.', { saga: 'OrderSaga' }).message).toBe(
    'The context of saga OrderSaga cannot be stored: context.x is a symbol.',
  );
});
