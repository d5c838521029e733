import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Books } from './books.js';

export interface Reservation {
  readonly reservationId: string;
  readonly items: readonly string[];
}

@Injectable()
export class InventoryService {
  constructor(private readonly books: Books) {}

  async reserve(key: string, items: readonly string[]): Promise<Reservation> {
    return this.books.enter('inventory', key, { reservationId: randomUUID(), items });
  }

  async release(key: string): Promise<void> {
    this.books.cancel('inventory', key);
  }
}
