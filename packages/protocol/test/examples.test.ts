// PROTOCOL.md, the golden examples and the schemas say the same thing.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  CLOSE_CODES,
  METHODS,
  ON_DISCONNECT,
  parseClientMessage,
  parseDaemonMessage,
  runtimeFile,
} from '../src/index.js';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

const golden = z.array(
  z.object({
    name: z.string(),
    expect: z.enum(['message', 'unknown', 'invalid']),
    frame: z.unknown().optional(),
    text: z.string().optional(),
  }),
);
const specification = read('PROTOCOL.md');
const parse = { client: parseClientMessage, daemon: parseDaemonMessage };

for (const side of ['client', 'daemon'] as const) {
  describe(`what a ${side} sends`, () => {
    test.each(golden.parse(JSON.parse(read(`examples/${side}.json`))))('$name: $expect', (example) => {
      const result = parse[side](example.text ?? JSON.stringify(example.frame));
      expect(result.kind).toBe(example.expect);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });

    const blocks = [...specification.matchAll(new RegExp(`\`\`\`json ${side}\\n([\\s\\S]*?)\`\`\``, 'g'))];
    test('has examples in the specification', () => {
      expect(blocks.length).toBeGreaterThan(2);
    });
    test.each(blocks.map((block) => block[1] ?? ''))('the specification shows a real message: %s', (text) => {
      expect(parse[side](text)).toMatchObject({ kind: 'message', message: { type: expect.any(String) } });
    });
  });
}

describe('the runtime file', () => {
  const block = /```json runtime-file\n([\s\S]*?)```/.exec(specification)?.[1] ?? '';

  test('of the specification is a real one, with every field that the schema knows but the pipe', () => {
    const shown = runtimeFile.parse(JSON.parse(block));
    expect(Object.keys(shown)).toEqual(Object.keys(runtimeFile.shape).filter((name) => name !== 'pipe'));
  });

  const changes = z.array(
    z.object({
      name: z.string(),
      expect: z.enum(['valid', 'invalid']),
      change: z.record(z.string(), z.unknown()),
    }),
  );
  test.each(changes.parse(JSON.parse(read('examples/runtime-file.json'))))(
    '$name: $expect',
    ({ change, expect: verdict }) => {
      const file = { ...(JSON.parse(block) as object), ...change };
      // Through JSON: what is undefined there is not in the file.
      const result = runtimeFile.safeParse(JSON.parse(JSON.stringify(file)));
      expect(result.success ? 'valid' : 'invalid').toBe(verdict);
    },
  );
});

test('every json example of the specification names the side that sends it', () => {
  expect(specification.match(/```json *\n/g)).toBeNull();
});

test('the specification lists every close code with the same name and the same consequence', () => {
  const listed = [...specification.matchAll(/^\| (\d{4}) +\| (\w+) +\| (retryable|fatal) +\|$/gm)].map(
    (row) => [Number(row[1]), row[2], row[3]],
  );
  const coded = [...CLOSE_CODES].map(([code, entry]) => [
    code,
    entry.name,
    entry.retryable ? 'retryable' : 'fatal',
  ]);
  expect(listed).toEqual(coded);
});

test('the specification lists every method and what becomes of it on a lost connection', () => {
  for (const method of Object.keys(METHODS) as (keyof typeof METHODS)[]) {
    const row = new RegExp(`^\\| \`${method.replace('.', '\\.')}\` .*\\| (repeated|fails)`, 'm').exec(
      specification,
    );
    expect(row?.[1], method).toBe(ON_DISCONNECT[method] === 'repeat' ? 'repeated' : 'fails');
  }
});
