import { ConflictException } from '@nestjs/common';

/** An act or a compensation that fails: Nest would answer with 409. */
export function refuse(): never {
  throw new ConflictException('refused');
}

/** An act or a compensation of which nobody ever hears again. */
export function hang(): Promise<never> {
  return new Promise(() => undefined);
}

/** Fails the first `times` times. */
export function failing(times: number): () => void {
  let calls = 0;
  return () => {
    if (++calls <= times) refuse();
  };
}
