/** As much of `@nestjs/cqrs` as the guide for those who come from it shows, so that its code compiles without the package. */
declare module '@nestjs/cqrs' {
  import type { Observable, OperatorFunction } from 'rxjs';

  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- as the package has it
  export interface ICommand {}
  export function Saga(): PropertyDecorator;
  export function ofType<E extends object>(type: new (...args: never[]) => E): OperatorFunction<unknown, E>;
  export type { Observable };
}
