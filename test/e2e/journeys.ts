import fc from 'fast-check';
import type { Side } from './storage-line.js';

/** What an attempt of a phase does. Behind the outcomes of a phase, every further attempt succeeds. */
export type Outcome = 'ok' | 'slow' | 'throws' | 'unknown';

export type Command =
  | { readonly does: 'start' | 'cancel' | 'recover'; readonly on: number; readonly saga: number }
  | { readonly does: 'recoverAll' | 'crash' | 'loseClaim'; readonly on: number }
  | { readonly does: 'lose'; readonly on: number; readonly side: Side }
  | { readonly does: 'wait'; readonly turns: number };

/** What two sagas' steps do, and what is done to them from three processes. */
export interface Journey {
  /** By saga, step and phase. */
  readonly outcomes: readonly (readonly {
    readonly act: readonly Outcome[];
    readonly compensate: readonly Outcome[];
  }[])[];
  readonly commands: readonly Command[];
}

export const PROCESSES = 3;
export const SAGAS = 2;

const on = fc.nat(PROCESSES - 1);
const saga = fc.nat(SAGAS - 1);
const does = fc.constantFrom;

const acts = fc.array(fc.constantFrom<Outcome>('ok', 'ok', 'slow', 'slow', 'throws', 'unknown'), { maxLength: 2 });
const compensations = fc.array(fc.constantFrom<Outcome>('ok', 'slow', 'throws', 'unknown'), { maxLength: 5 });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: does('start' as const), on, saga }) },
  { weight: 2, arbitrary: fc.record({ does: does('cancel' as const), on, saga }) },
  { weight: 2, arbitrary: fc.record({ does: does('recover' as const), on, saga }) },
  { weight: 1, arbitrary: fc.record({ does: does('recoverAll' as const), on }) },
  { weight: 2, arbitrary: fc.record({ does: does('crash' as const), on }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: does('lose' as const), on, side: fc.constantFrom<Side>('before', 'after') }),
  },
  { weight: 1, arbitrary: fc.record({ does: does('loseClaim' as const), on }) },
  { weight: 4, arbitrary: fc.record({ does: does('wait' as const), turns: fc.nat(12) }) },
);

export const journeys: fc.Arbitrary<Journey> = fc.record({
  outcomes: fc.array(fc.array(fc.record({ act: acts, compensate: compensations }), { minLength: 3, maxLength: 3 }), {
    minLength: SAGAS,
    maxLength: SAGAS,
  }),
  commands: fc.array(command, { minLength: 3, maxLength: 12 }),
});
