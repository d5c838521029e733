import { Injectable } from '@nestjs/common';
import { Trace } from '../enhancers/trace.js';

export interface Payment {
  readonly paymentId: string;
  readonly card: string;
}

/** Deep below the steps. Nobody hands it the trace, and it knows it all the same. */
@Injectable()
export class Bank {
  constructor(private readonly trace: Trace) {}

  async charge(key: string, amount: number): Promise<Payment> {
    this.trace.log(`  the bank takes ${amount}`);
    return { paymentId: `payment for ${key}`, card: '4000 0000 0000 1234' };
  }

  async refund(key: string): Promise<void> {
    this.trace.log(`  the bank gives the money back (${key})`);
  }
}
