import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Books } from './books.js';

export interface Parcel {
  readonly trackingNumber: string;
  readonly address: string;
}

@Injectable()
export class ShippingService {
  constructor(private readonly books: Books) {}

  async ship(key: string, address: string): Promise<Parcel> {
    return this.books.enter('shipping', key, { trackingNumber: randomUUID(), address });
  }

  async recall(key: string): Promise<void> {
    this.books.cancel('shipping', key);
  }
}
