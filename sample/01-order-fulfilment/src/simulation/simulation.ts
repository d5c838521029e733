import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';

const STEPS = ['reserve-inventory', 'charge-payment', 'ship-order'] as const;

export type StepName = (typeof STEPS)[number];

/** What goes wrong with an order, and how slowly. */
export class Simulation {
  /** The step whose act fails. */
  @IsOptional()
  @IsIn(STEPS)
  failAt?: StepName;

  /** The step whose compensation fails. */
  @IsOptional()
  @IsIn(STEPS)
  failCompensationAt?: StepName;

  /** How often it fails. Default: always. */
  @IsOptional()
  @IsInt()
  @Min(0)
  compensationFailures?: number;

  /** Milliseconds that each act and each compensation takes longer. Default: 0. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  delayMs?: number;
}
