import { randomUUID } from 'node:crypto';
import { hintMessage } from '../hint-message.js';
import type { HintTopic } from '../hint-topic.js';
import { resultOf, type RedisConnection } from './redis-connection.js';

/**
 * Tells other processes of writes by PUBLISH: gathered, and behind the writes. A message from within each script would reach every
 * process for every row, and cost as much as the rows do.
 */
export class WriteHints {
  /** Whose hints these are: nobody has to hear its own. */
  readonly sender = randomUUID();
  /** A node of a cluster knows only its own listeners, so there somebody may always listen. */
  countsListeners = true;

  constructor(private readonly connection: RedisConnection) {}

  /** Tells whether anybody listens. */
  async send(topic: HintTopic, sagaIds: readonly string[]): Promise<'heard' | 'unheard'> {
    const { channels, schema } = this.connection.keys;
    const message = hintMessage(this.sender, sagaIds);
    // The key makes both go to the node of the storage where there is a cluster.
    const [, listeners] = await this.connection.sendAll([
      ['exists', schema],
      ['publish', channels[topic], message],
    ]);
    const count = resultOf(listeners);
    return count === 0 && this.countsListeners ? 'unheard' : 'heard';
  }
}
