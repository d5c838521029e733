import type { Balance } from './balance.js';
import type { OrderStory } from './order-story.js';
import type { ReplicaProcess } from './replica-process.js';

/** Prints who took over what from the replica that was killed. */
export function printTakeovers(stories: readonly OrderStory[], killedAt: Date): void {
  console.log('\nWho took over what\n');
  printTable(
    ['order', 'started by', 'when killed, it was in', 'taken over by', 'after', 'end'],
    stories.flatMap(({ orderId, startedBy, end, takeover }) =>
      takeover === undefined
        ? []
        : [[orderId, startedBy, takeover.during, takeover.by, secondsAfter(killedAt, takeover.at), end]],
    ),
  );
}

/** Prints how much each replica did. */
export function printReplicas(
  stories: readonly OrderStory[],
  { replicas, killed }: { replicas: readonly ReplicaProcess[]; killed: ReplicaProcess },
): void {
  console.log('\nReplicas\n');
  printTable(
    ['replica', 'started', 'took over', 'finished'],
    replicas.map(({ name }) => [
      name === killed.name ? `${name}, killed` : name,
      String(stories.filter(({ startedBy }) => startedBy === name).length),
      String(stories.filter(({ takeover }) => takeover?.by === name).length),
      String(stories.filter(({ endedBy, end }) => endedBy === name && end !== 'not ended').length),
    ]),
  );
}

/** Prints what the services outside have, and tells whether it is what the sagas say. */
export function printBalances(stories: readonly OrderStory[], balances: readonly Balance[]): boolean {
  const count = (end: OrderStory['end']): number => stories.filter((story) => story.end === end).length;
  console.log(`\nBooks, for ${count('COMPLETED')} completed and ${count('FAILED')} failed orders\n`);
  printTable(
    ['service', 'standing', 'taken back', ''],
    balances.map(({ service, standing, cancelled, wrong }) => [
      service,
      String(standing),
      String(cancelled),
      wrong.length === 0 ? '✓ balanced' : `✗ wrong: ${wrong.join(', ')}`,
    ]),
  );
  const unfinished = count('not ended');
  if (unfinished > 0) console.log(`\n✗ ${unfinished} orders are not finished.`);
  return unfinished === 0 && balances.every(({ wrong }) => wrong.length === 0);
}

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  console.log(`  ${line(head)}\n  ${widths.map((width) => '─'.repeat(width)).join('  ')}`);
  for (const row of rows) console.log(`  ${line(row)}`);
}

function secondsAfter(from: Date, to: Date): string {
  return `${((to.getTime() - from.getTime()) / 1000).toFixed(2)} s`;
}
