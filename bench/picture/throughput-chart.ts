/** One line of the picture. */
export interface Curve {
  readonly name: string;
  /** Which of the picture's colours it has. */
  readonly style: 'ours' | 'floor' | 'bullmq' | 'dbos';
  /** How many at once, and how many a second. */
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 760;
const HEIGHT = 440;
const PLOT = { left: 72, right: 590, top: 56, bottom: 380 };
/** Names that would lie on each other are moved apart so far. */
const NAME_HEIGHT = 20;

type Palette = Readonly<Record<Curve['style'], string>>;

const LIGHT: Palette = { ours: '#0969da', floor: '#6e7781', bullmq: '#bc4c00', dbos: '#8250df' };
const DARK: Palette = { ours: '#4493f8', floor: '#9198a1', bullmq: '#f0883e', dbos: '#ab7df8' };

/** Throughput against concurrency as an SVG, both on logarithmic scales, readable on light and dark pages. */
export function drawThroughput(curves: readonly Curve[]): string {
  const all = curves.flatMap(({ points }) => points);
  const atOnce = [...new Set(all.map(([x]) => x))].sort((one, other) => one - other);
  const decades = decadesAround(all.map(([, y]) => y));
  const x = scale(atOnce[0] ?? 1, atOnce.at(-1) ?? 1, PLOT.left, PLOT.right);
  const y = scale(decades[0] ?? 1, decades.at(-1) ?? 1, PLOT.bottom, PLOT.top);
  const names = namePlaces(curves, y);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>Sagas of three steps a second, by how many run at once</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.grid { stroke: #d0d7de; stroke-width: 1 }
polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
.name { font-weight: 600 }
${rulesOf(LIGHT)}
.floor polyline { stroke-dasharray: 6 5 }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d }
${rulesOf(DARK)}
}
</style>
<text class="title" x="${PLOT.left}" y="28">Sagas of three steps a second, by how many run at once</text>
${decades.map((value) => horizontal(value, y(value))).join('\n')}
${atOnce.map((value) => `<text x="${x(value)}" y="${PLOT.bottom + 22}" text-anchor="middle">${value.toLocaleString('en')}</text>`).join('\n')}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 46}" text-anchor="middle">sagas at once in one process</text>
${curves.map((curve) => drawCurve(curve, { x, y, nameAt: names.get(curve) ?? PLOT.top })).join('\n')}
</svg>
`;
}

function rulesOf(palette: Palette): string {
  const rules = Object.entries(palette).map(
    ([style, color]) => `.${style} polyline { stroke: ${color} } .${style} circle, .${style} .name { fill: ${color} }`,
  );
  return rules.join('\n');
}

type Scale = (value: number) => number;

function scale(first: number, last: number, from: number, to: number): Scale {
  const span = Math.log(last / first) || 1;
  return (value) => Math.round((from + ((to - from) * Math.log(value / first)) / span) * 10) / 10;
}

/** Powers of ten from below the smallest value to above the greatest. */
function decadesAround(values: readonly number[]): readonly number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: last - first + 1 }, (_, n) => 10 ** (first + n));
}

function horizontal(value: number, y: number): string {
  return `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y}" y2="${y}"/>
<text x="${PLOT.left - 10}" y="${y + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`;
}

function drawCurve({ name, style, points }: Curve, { x, y, nameAt }: { x: Scale; y: Scale; nameAt: number }): string {
  const path = points.map(([atOnce, perSecond]) => `${x(atOnce)},${y(perSecond)}`).join(' ');
  const dots = points.map(([atOnce, perSecond]) => {
    const told = `${name}, ${atOnce.toLocaleString('en')} at once: ${Math.round(perSecond).toLocaleString('en')} a second`;
    return `<circle cx="${x(atOnce)}" cy="${y(perSecond)}" r="3.5"><title>${told}</title></circle>`;
  });
  return `<g class="${style}"><polyline points="${path}"/>${dots.join('')}
<text class="name" x="${PLOT.right + 12}" y="${nameAt + 4}">${name}</text></g>`;
}

/** Each name at the end of its curve, or as near to it as the others let it. */
function namePlaces(curves: readonly Curve[], y: Scale): ReadonlyMap<Curve, number> {
  const ends = curves.map((curve) => ({ curve, at: y(curve.points.at(-1)?.[1] ?? 1) }));
  const places = new Map<Curve, number>();
  let free = -Infinity;
  for (const { curve, at } of ends.sort((one, other) => one.at - other.at)) {
    const place = Math.max(at, free);
    places.set(curve, place);
    free = place + NAME_HEIGHT;
  }
  return places;
}
