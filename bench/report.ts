import { inWords, type Finding } from './finding.js';

/** One line of JSON. */
export function toJson({ bound, more, pairs, ...finding }: Finding): string {
  return JSON.stringify({
    case: finding.case,
    sagas_per_s: rounded(finding.perSecond),
    p50_ms: rounded(finding.p50),
    p99_ms: rounded(finding.p99),
    floor_sagas_per_s: rounded(finding.floorPerSecond),
    ratio: rounded(finding.ratio),
    ...(pairs && { pairs: pairs.map(rounded) }),
    ...more,
    ...(bound && { bound: bound.text, pass: bound.held }),
  });
}

/** A few lines for people. */
export function toText({ bound, more = {}, pairs, ...finding }: Finding): string {
  const lines = [
    `${perSecond(finding.perSecond)}, the floor ${perSecond(finding.floorPerSecond)}: ratio ${inWords(finding.ratio)}`,
    `half of them within ${ms(finding.p50)}, 99 % within ${ms(finding.p99)}`,
    ...Object.entries(more).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${rounded(value)}`),
    ...(pairs ? [`each round's ratio: ${pairs.map(inWords).join('  ')}`] : []),
  ];
  const verdict = bound === undefined ? 'reported' : `${bound.held ? 'PASS' : 'FAIL'} (${bound.text})`;
  return [`${finding.case}: ${verdict}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`;
}

function ms(value: number): string {
  return `${rounded(value)} ms`;
}

/** Four digits are more than a shared machine can tell. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
