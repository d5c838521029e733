import Database from 'libsql';
import type { OrderStory } from './order-story.js';

const SERVICES = ['inventory', 'payments', 'shipping'] as const;

/** What one of the services outside has in its books, against what the sagas say. */
export interface Balance {
  readonly service: string;
  /** Entries that stand. */
  readonly standing: number;
  /** Entries that were taken back. */
  readonly cancelled: number;
  /** Orders of which the books say something else than the saga does. */
  readonly wrong: readonly string[];
}

/** A completed order stands once in each book, and a failed one in none. The books know nothing of sagas, only keys. */
export function balanceBooks(file: string, stories: readonly OrderStory[]): readonly Balance[] {
  const rows = new Database(file).prepare('SELECT service, key, cancelled FROM books').all() as {
    service: string;
    key: string;
    cancelled: number;
  }[];
  return SERVICES.map((service) => {
    const entries = rows.filter((row) => row.service === service);
    const standing = entries.filter(({ cancelled }) => cancelled === 0).map(({ key }) => key.split(':')[0]);
    const wrong = stories.filter(
      ({ orderId, end }) => standing.filter((id) => id === orderId).length !== (end === 'COMPLETED' ? 1 : 0),
    );
    return {
      service,
      standing: standing.length,
      cancelled: entries.length - standing.length,
      wrong: wrong.map(({ orderId }) => orderId),
    };
  });
}
