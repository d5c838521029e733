import { GoneException } from '@nestjs/common';
import type Database from 'libsql';

/**
 * The books of the three services, by idempotency key: what was entered under a key is entered once, however often it is
 * asked for. They stand for systems elsewhere, so they know nothing of sagas.
 */
export class Books {
  constructor(private readonly db: Database.Database) {
    db.pragma('busy_timeout = 5000');
    db.exec(`
      CREATE TABLE IF NOT EXISTS books (
        service TEXT NOT NULL, key TEXT NOT NULL, entry TEXT, cancelled INTEGER NOT NULL, PRIMARY KEY (service, key)
      )
    `);
  }

  /**
   * Gives back what stands under this key already, if anything does.
   *
   * @throws GoneException when the key was cancelled: a request that was on its way all the time comes too late.
   */
  enter<T extends object>(service: string, key: string, entry: T): T {
    this.db
      .prepare('INSERT INTO books (service, key, entry, cancelled) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING')
      .run(service, key, JSON.stringify(entry));
    const row = this.db
      .prepare('SELECT entry, cancelled FROM books WHERE service = ? AND key = ?')
      .get(service, key) as {
      entry: string;
      cancelled: number;
    };
    if (row.cancelled === 1) throw new GoneException(`${key} was cancelled.`);
    return JSON.parse(row.entry) as T;
  }

  /** Takes an entry back. Of a key that is not there it remembers that it must not come any more. */
  cancel(service: string, key: string): void {
    this.db
      .prepare(
        `INSERT INTO books (service, key, cancelled) VALUES (?, ?, 1)
         ON CONFLICT DO UPDATE SET cancelled = 1`,
      )
      .run(service, key);
  }
}
