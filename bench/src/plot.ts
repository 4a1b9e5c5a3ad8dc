/** Bars in SVG: each way's ratio to the page's own WebSocket, with its spread as a line. */
import type { Spread } from './statistics.js';

export type Bar = { readonly label: string; readonly way: string; readonly spread: Spread };
export type Group = { readonly label: string; readonly bars: readonly Bar[] };

const COLOURS: Readonly<Record<string, string>> = {
  'page-websocket': '#8a8f98',
  'official-plugin': '#d98324',
  'plugin-event': '#5b9bd5',
  'plugin-batch': '#2a6f4e',
  'node-ws': '#b9a7d6',
};
const LEFT = 150;
const WIDTH = 560;
const RIGHT = 120;
const BAR = 13;
const GAP = 14;
const TOP = 56;

/** One plot; the scale is logarithmic, because ratios are. */
export function plot(title: string, groups: readonly Group[]): string {
  const values = groups.flatMap((group) => group.bars.flatMap(({ spread }) => [spread.min, spread.max]));
  const low = Math.log10(Math.min(0.5, ...values.filter((value) => value > 0)));
  const high = Math.log10(Math.max(2, ...values));
  const x = (value: number): number =>
    LEFT + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * WIDTH;
  const one = x(1);
  const parts: string[] = [];
  let y = TOP;
  for (const group of groups) {
    parts.push(text(LEFT - 10, y + (group.bars.length * BAR) / 2 + 4, group.label, 'end'));
    for (const { way, spread } of group.bars) {
      const end = x(spread.median);
      const middle = y + BAR / 2 - 1;
      parts.push(
        `<rect x="${round(Math.min(one, end))}" y="${y}" width="${round(Math.max(1, Math.abs(end - one)))}" height="${BAR - 2}" fill="${colour(way)}"><title>${way}</title></rect>`,
        `<line x1="${round(x(spread.min))}" x2="${round(x(spread.max))}" y1="${middle}" y2="${middle}" stroke="#222" stroke-width="1"/>`,
        text(Math.max(end, one, x(spread.max)) + 5, y + BAR - 3, `${spread.median.toPrecision(2)}×`, 'start'),
      );
      y += BAR;
    }
    y += GAP;
  }
  const ways = [...new Set(groups.flatMap((group) => group.bars.map((bar) => bar.way)))];
  const key = ways.map(
    (way, at) =>
      `<rect x="${LEFT + at * 130}" y="32" width="10" height="10" fill="${colour(way)}"/>${text(LEFT + at * 130 + 14, 41, way, 'start')}`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + RIGHT}" height="${y + 8}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${LEFT}" y="20" font-size="13" font-weight="bold">${title}</text>`,
    ...key,
    `<line x1="${round(one)}" x2="${round(one)}" y1="${TOP - 6}" y2="${y - GAP + 4}" stroke="#8a8f98" stroke-dasharray="3 3"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const colour = (way: string): string => COLOURS[way] ?? '#444';
const round = (value: number): string => value.toFixed(1);
const text = (x: number, y: number, words: string, anchor: 'start' | 'end'): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#222">${words}</text>`;
