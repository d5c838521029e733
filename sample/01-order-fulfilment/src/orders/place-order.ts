import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsArray, IsNotEmpty, IsOptional, IsPositive, IsString, ValidateNested } from 'class-validator';
import { Simulation } from '../simulation/simulation.js';

/** What a customer sends. */
export class PlaceOrder {
  @IsString()
  @IsNotEmpty()
  orderId!: string;

  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  items!: string[];

  @IsPositive()
  amount!: number;

  @IsString()
  @IsNotEmpty()
  address!: string;

  /** What is to go wrong, so that one can watch the rollback. */
  @IsOptional()
  @ValidateNested()
  @Type(() => Simulation)
  simulate?: Simulation;
}
