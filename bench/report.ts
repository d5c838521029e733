import { inWords, type Finding } from './finding.js';

/** One line of JSON. */
export function toJson({ bound, more, pairs, ...finding }: Finding): string {
  return JSON.stringify({
    case: finding.case,
    sagas_per_s: roundedIfAny(finding.perSecond),
    p50_ms: roundedIfAny(finding.p50),
    p99_ms: roundedIfAny(finding.p99),
    floor_sagas_per_s: roundedIfAny(finding.floorPerSecond),
    ratio: roundedIfAny(finding.ratio),
    ...(pairs && { pairs: pairs.map(rounded) }),
    ...Object.fromEntries(Object.entries(more ?? {}).map(([name, value]) => [name, rounded(value)])),
    ...(bound && { bound: bound.text, pass: bound.held }),
  });
}

/** A few lines for people. */
export function toText({ bound, more = {}, pairs, ...finding }: Finding): string {
  const lines = [
    ...speedOf(finding),
    ...Object.entries(more).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${rounded(value)}`),
    ...(pairs ? [`each round's ratio: ${pairs.map(inWords).join('  ')}`] : []),
  ];
  const verdict = bound === undefined ? 'reported' : `${bound.held ? 'PASS' : 'FAIL'} (${bound.text})`;
  return [`${finding.case}: ${verdict}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function speedOf({ perSecond: ours, floorPerSecond: floor, ratio, p50, p99 }: Finding): readonly string[] {
  return [
    ...(ours === undefined || floor === undefined || ratio === undefined
      ? []
      : [`${perSecond(ours)}, the floor ${perSecond(floor)}: ratio ${inWords(ratio)}`]),
    ...(p50 === undefined || p99 === undefined ? [] : [`half of them within ${ms(p50)}, 99 % within ${ms(p99)}`]),
  ];
}

function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`;
}

function ms(value: number): string {
  return `${rounded(value)} ms`;
}

function roundedIfAny(value: number | undefined): number | undefined {
  return value === undefined ? undefined : rounded(value);
}

/** Four digits are more than a shared machine can tell. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
