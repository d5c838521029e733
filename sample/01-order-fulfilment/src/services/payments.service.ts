import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Books } from './books.js';

export interface Payment {
  readonly paymentId: string;
  readonly amount: number;
}

@Injectable()
export class PaymentsService {
  constructor(private readonly books: Books) {}

  async charge(key: string, amount: number): Promise<Payment> {
    return this.books.enter('payments', key, { paymentId: randomUUID(), amount });
  }

  async refund(key: string): Promise<void> {
    this.books.cancel('payments', key);
  }
}
