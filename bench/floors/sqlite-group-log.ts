import type Database from 'libsql';
import { FLOOR_WORKER, type FloorRow } from './order-log.js';
import { appender } from './sqlite-log.js';

interface Waiting {
  readonly row: FloorRow;
  readonly resolve: () => void;
}

const PLAN =
  '[{"step":"reserve-inventory","kind":"compensatable"},{"step":"charge-payment","kind":"compensatable"},{"step":"ship-order","kind":"compensatable"}]';

/**
 * Rows that meet share a commit. Beside the log it keeps a head, inserted with the first row and changed with the last, so that it
 * writes the bytes that the library writes. No index beyond the primary keys, no check whether the place is free, no clock
 * but the process's own; a write that fails fails for everybody.
 */
export class SqliteGroupLog {
  private waiting: Waiting[] = [];
  private readonly appendRow: (row: FloorRow) => void;
  private readonly insertHead;
  private readonly completeHead;

  constructor(private readonly database: InstanceType<typeof Database>) {
    this.appendRow = appender(database);
    this.insertHead = database.prepare('INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.completeHead = database.prepare('UPDATE heads SET status = ?, worker = NULL, updated_at = ? WHERE id = ?');
  }

  append(row: FloorRow): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ row, resolve });
      if (this.waiting.length === 1) setImmediate(() => this.commit());
    });
  }

  private commit(): void {
    const batch = this.waiting;
    this.waiting = [];
    this.database.exec('BEGIN IMMEDIATE');
    for (const { row } of batch) {
      this.changeHead(row);
      this.appendRow(row);
    }
    this.database.exec('COMMIT');
    for (const { resolve } of batch) resolve();
  }

  private changeHead({ sagaId, changes }: FloorRow): void {
    const now = Date.now();
    if (changes === 'created') {
      this.insertHead.run(sagaId, 'order', 'RUNNING', FLOOR_WORKER, now, now, '0123456789abcdef', PLAN);
    } else if (changes === 'completed') {
      this.completeHead.run('COMPLETED', now, sagaId);
    }
  }
}
