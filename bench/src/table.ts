/** The figures for a terminal: each way beside its ratio to the page's own WebSocket. */
import type { Results } from './results.js';
import { spread } from './statistics.js';
import type { Way } from './ways.js';

export function table(results: Results): string {
  const cases = [...results.cases()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.kind.localeCompare(b.kind) || a.bytes - b.bytes,
  );
  const rows = cases.map(({ name, bytes, kind, way, unit, median, min, max }) => {
    const ratios =
      way === 'app' ? [] : results.ratios(name, bytes, kind, way, 'page-websocket' satisfies Way);
    const ratio = spread(ratios);
    return [
      name,
      bytes === 0 ? '' : String(bytes),
      kind,
      way,
      `${short(median)} ${unit}`,
      `${short(min)}–${short(max)}`,
      ratios.length === 0
        ? ''
        : `${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    ];
  });
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')).join('\n');
}

/** Three digits that matter. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
