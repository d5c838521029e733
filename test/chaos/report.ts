import type { ChaosReport, Violation } from './chaos-run.js';

/** A run in a few lines for people. */
export function toText({ options, statuses, counts, incidents, violations, ...report }: ChaosReport): string {
  const { taken, givenBack, kept, expected } = counts.money;
  const list = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${name} ${String(count)}`)
      .join(', ');
  return [
    `Chaos on ${options.storage} for ${String(options.seconds)} s, seed ${String(options.seed)}`,
    `  sagas: ${list(statuses)}`,
    `  effects: ${String(counts.acts)} acts, ${String(counts.compensations)} compensations, of these ${String(counts.inDoubtRepeats)} repeats in doubt and ${String(counts.lateActs)} acts behind their compensation`,
    ...(counts.localRows === 0
      ? []
      : [`  written in transactions of steps: ${String(counts.localRows)} rows, each with its completion`]),
    `  takeovers: ${String(counts.takeovers)}; stale writes refused: ${String(report.staleWritesRefused)}; own writes found again: ${String(report.ownWritesAdopted)}`,
    `  incidents: ${list(incidents)}`,
    `  money: ${String(taken)} taken, ${String(givenBack)} given back, ${String(kept)} kept of ${String(expected)} that should be`,
    `  settled ${(report.settledWithin / 1_000).toFixed(1)} s after the last incident`,
    violations.length === 0 ? '  all promises are kept' : `  ${String(violations.length)} VIOLATIONS; the first:`,
    ...violations.slice(0, 1).map(violationText),
    ...(violations.length < 2
      ? []
      : [
          '  the others:',
          ...violations.slice(1, 20).map(({ end, broken }) => `    ${end?.id ?? 'the run'}: ${broken.join('; ')}`),
        ]),
  ].join('\n');
}

/** A broken promise with all that is known of its saga. */
export function violationText({ end, broken }: Violation): string {
  const lines = broken.map((sentence) => `    ${sentence}`);
  if (end === undefined) return lines.join('\n');
  return [
    `  ${end.id} (${end.record?.name ?? 'never stored'}, ${end.record?.status ?? ''}); told: ${end.told.join(', ')}`,
    ...lines,
    '    History:',
    ...end.history.map((entry) => `      ${JSON.stringify(entry)}`),
    '    Ledger:',
    ...[...end.effects, ...end.rows].map((trace) => `      ${JSON.stringify(trace)}`),
  ].join('\n');
}
