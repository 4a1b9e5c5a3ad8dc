// The README says what the source says: every error code, and every limit that it names.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const readme = read('README.md');

/** The rows of the table below a heading, cell by cell. */
function table(heading: string): string[][] {
  const section = readme.split(new RegExp(`^## ${heading}$`, 'm'))[1]?.split(/^## /m)[0] ?? '';
  return [...section.matchAll(/^\|(.*)\|$/gm)]
    .map((row) => (row[1] ?? '').split('|').map((cell) => cell.trim()))
    .filter((cells) => !/^-+$/.test(cells[0] ?? ''))
    .slice(1);
}

const code = (cell: string | undefined): string => /^`([^`]+)`$/.exec(cell ?? '')?.[1] ?? '';

/** Sources below a directory that are compiled into what people install: no tests. */
function shipped(directory: string, extension: string): string[] {
  const files = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith(extension) && !/(^|[/\\.])(tests?|model|lossy_page)\b/.test(name))
    .map((name) =>
      (read(join(directory, name)).split(/#\[cfg\(test\)\]\nmod \w+ \{/)[0] ?? '').replace(
        /^\s*\/\/.*$/gm,
        '',
      ),
    );
}

describe('error codes', () => {
  const listed = table('Error codes').map((row) => code(row[0]));

  /** The codes in the source, by the forms in which it gives one. */
  function given(): Set<string> {
    const rust = shipped('src', '.rs').join('\n');
    const page = shipped('guest-js', '.ts').join('\n');
    const variants = /pub enum ErrorCode \{([\s\S]*?)\n\}/.exec(rust)?.[1] ?? '';
    return new Set([
      ...[...variants.matchAll(/^ {4}(\w+),/gm)].map((match) =>
        (match[1] ?? '').replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase(),
      ),
      ...[...rust.matchAll(/(?:Failure|Error|Self)::new\(\s*"([a-z_]+)"/g)].map((match) => match[1] ?? ''),
      ...[...rust.matchAll(/\bcode: "([a-z_]+)"/g)].map((match) => match[1] ?? ''),
      // Chosen first, and given to `new` later.
      ...[...rust.matchAll(/"((?:tls|credential|socket|runtime_file|name|daemon)_[a-z_]+)"/g)].map(
        (match) => match[1] ?? '',
      ),
      ...[...page.matchAll(/\bcode: '([a-z_]+)'/g)].map((match) => match[1] ?? ''),
    ]);
  }

  test('every code of the source has a row, and every row has its code in the source', () => {
    const codes = [...given()].filter((name) => !COMMANDS.includes(name));
    expect(codes.length).toBeGreaterThan(15);
    expect([...listed].sort()).toEqual(codes.sort());
  });

  test('no row is there twice', () => {
    expect(new Set(listed).size).toBe(listed.length);
  });
});

/** Names of the same form that are no codes: the plugin's commands. */
const COMMANDS = [...read('build.rs').matchAll(/"(daemon_\w+)"/g)].map((match) => match[1] ?? '');

/** The figures of a source file of limits, in bytes, milliseconds or counts. */
function limits(): Map<string, number> {
  const figures = new Map<string, number>();
  const valueOf = (expression: string): number | undefined => {
    const time = /^Duration::from_(secs|millis)\((.+)\)$/.exec(expression);
    if (time) {
      const count = valueOf(time[2] ?? '');
      return count === undefined ? undefined : count * (time[1] === 'secs' ? 1000 : 1);
    }
    const factors = expression.split(/\s*([*/])\s*/);
    let result: number | undefined = 1;
    let operator = '*';
    for (const part of factors) {
      if (part === '*' || part === '/') {
        operator = part;
        continue;
      }
      const figure = /^[\d_]+$/.test(part) ? Number(part.replaceAll('_', '')) : figures.get(part);
      if (figure === undefined) return undefined;
      result = operator === '*' ? result * figure : result / figure;
    }
    return result;
  };
  const take = (name: string, expression: string): void => {
    const value = valueOf(expression.trim());
    // Of two for different platforms, the first is the one of the desktop platforms.
    if (value !== undefined && !figures.has(name)) figures.set(name, value);
  };
  const rust = read('src/limits.rs');
  for (const [, name, expression] of rust.matchAll(/^pub const (\w+): \w+ = ([^;]+);/gm)) {
    take(name ?? '', expression ?? '');
  }
  const defaults = /impl Default for Timeouts \{([\s\S]*?)\n\}/.exec(rust)?.[1] ?? '';
  for (const [, name, expression] of defaults.matchAll(/^\s+(\w+): (Duration::.+),$/gm)) {
    take(`Timeouts::${name ?? ''}`, expression ?? '');
  }
  for (const [, name, expression] of read('guest-js/limits.ts').matchAll(
    /^export const (\w+) = ([^;]+);/gm,
  )) {
    take(name ?? '', expression ?? '');
  }
  return figures;
}

describe('limits', () => {
  const units: Readonly<Record<string, number>> = {
    '': 1,
    B: 1,
    KiB: 1024,
    MiB: 1024 * 1024,
    ms: 1,
    s: 1000,
    min: 60_000,
  };
  const rows = table('Limits and defaults').map((row) => ({ name: code(row[1]), text: row[2] ?? '' }));
  const figures = limits();

  test.each(rows)('$name is $text in the source too', ({ name, text }) => {
    const [, figure, unit] = /^([\d,]+) ?(\w*)$/.exec(text) ?? [];
    expect(Number(figure?.replaceAll(',', '')) * (units[unit ?? '-'] ?? NaN)).toBe(figures.get(name));
  });

  test('every time that an app may choose has its default there', () => {
    const names = rows.map((row) => row.name).filter((name) => name.startsWith('Timeouts::'));
    expect(names.sort()).toEqual([...figures.keys()].filter((name) => name.startsWith('Timeouts::')).sort());
  });

  test('both sides hold the same number of bytes for the network', () => {
    expect(read('guest-js/limits.ts')).toContain('SEND_QUEUE_BYTES = 32 * 1024 * 1024');
    expect(figures.get('SEND_QUEUE_BYTES')).toBe(2 * (figures.get('MESSAGE_BYTES') ?? 0));
  });
});
