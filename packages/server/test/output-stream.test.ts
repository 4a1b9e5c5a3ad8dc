/** The stream of one viewer as a state machine: whatever happens in whatever order, every byte once, in order, or a gap. */
import { MAX_SNAPSHOT_PART_BYTES, OUTPUT_WINDOW_BYTES, type StreamMessage } from '@holdfast/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputStream, splitSnapshot } from '../src/session/output-stream.js';
import { StreamLog } from '../src/terminals/stream-log.js';

/** A model of the terminal and of the viewer at either end of a stream. */
class Model {
  readonly log = new StreamLog(80, 24);
  readonly all: string[] = [];
  readonly stream: OutputStream;
  viewerOffset = 0;
  acknowledged = 0;
  text = '';
  sizes: string[] = ['80x24'];
  gapTo: number | undefined;
  exits = 0;
  mark = 0;

  constructor(maxBehindBytes: number) {
    this.stream = new OutputStream(1, maxBehindBytes, { offset: 0, mark: 0, ended: false });
  }

  write(text: string): void {
    this.log.append(text);
    this.all.push(text);
    this.stream.advanced(this.log.record.end);
  }

  resize(cols: number): void {
    this.mark = this.log.resized(cols, 24);
    this.stream.advanced(this.log.record.end);
  }

  /** Does what the stream asks for, at most so many times. */
  pump(steps: number): void {
    for (let count = 0; count < steps; count += 1) {
      const step = this.stream.next();
      if (step.kind === 'wait') return;
      if (step.kind === 'send') this.take(step.message);
      else if (step.kind === 'read')
        this.stream.took(this.log.read(step.position, step.maxBytes)).forEach((m) => this.take(m));
      else {
        const offset = this.log.record.end;
        expect(offset).toBeGreaterThanOrEqual(step.atLeast);
        const data = `screen at ${String(offset)}`;
        this.stream.tookSnapshot({
          position: { offset, mark: this.mark, ended: false },
          cols: 80,
          rows: 24,
          data,
        });
      }
      // What was sent and not acknowledged stays within the window.
      expect(this.viewerOffset - Math.max(this.acknowledged, this.snapshotOffset)).toBeLessThanOrEqual(
        OUTPUT_WINDOW_BYTES,
      );
    }
  }

  snapshotOffset = 0;

  take(message: StreamMessage): void {
    switch (message.type) {
      case 'output':
        expect(this.gapTo).toBe(undefined);
        expect(message.offset).toBe(this.viewerOffset);
        expect(Buffer.byteLength(message.data)).toBe(message.length);
        expect(message.length).toBeLessThanOrEqual(64 * 1024);
        expect(message.data).not.toContain('\ufffd');
        this.viewerOffset += message.length;
        this.text += message.data;
        return;
      case 'gap':
        expect(message.from).toBe(this.viewerOffset);
        this.gapTo = message.to;
        return;
      case 'snapshot':
        expect(message.offset).toBeGreaterThanOrEqual(this.gapTo ?? this.viewerOffset);
        this.gapTo = undefined;
        this.viewerOffset = message.offset;
        this.snapshotOffset = message.offset;
        this.text = '';
        return;
      case 'resized':
        this.sizes.push(`${String(message.cols)}x${String(message.rows)}`);
        return;
      case 'exited':
        expect(message.offset).toBe(this.viewerOffset);
        this.exits += 1;
        return;
      case 'closed':
    }
  }

  acknowledge(): void {
    this.acknowledged = this.viewerOffset;
    this.stream.acknowledge(this.viewerOffset);
  }
}

const command = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    size: fc.integer({ min: 1, max: 400_000 }),
    char: fc.constantFrom('a', 'ü', '漢', '😀'),
  }),
  fc.record({ kind: fc.constant('pump' as const), steps: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('resize' as const), cols: fc.integer({ min: 2, max: 200 }) }),
  fc.constant({ kind: 'ack' as const }),
  fc.constant({ kind: 'trim' as const }),
);

test('every byte arrives once and in order, or a gap names what is missing and a snapshot follows; the window holds', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3_000_000 }),
      (commands, maxBehind) => {
        const model = new Model(maxBehind);
        for (const step of commands) {
          if (step.kind === 'write') model.write(step.char.repeat(step.size));
          else if (step.kind === 'pump') model.pump(step.steps);
          else if (step.kind === 'resize') model.resize(step.cols);
          else if (step.kind === 'trim') model.log.trim(64 * 1024);
          else model.acknowledge();
        }
        model.log.exited({ exitCode: 0, signal: null });
        model.stream.advanced(model.log.record.end);
        // A viewer that takes what it is sent gets to the end.
        for (let round = 0; round < 200 && model.exits === 0; round += 1) {
          model.pump(1000);
          model.acknowledge();
        }
        expect(model.exits).toBe(1);
        expect(model.viewerOffset).toBe(model.log.record.end);
        expect(model.all.join('').endsWith(model.text)).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test('a viewer that never acknowledges is sent a window and a snapshot at most', () => {
  const model = new Model(100_000);
  let sent = 0;
  let snapshots = 0;
  const take = model.take.bind(model);
  model.take = (message): void => {
    take(message);
    if (message.type === 'output') sent += message.length;
    if (message.type === 'snapshot') snapshots += 1;
  };
  for (let round = 0; round < 50; round += 1) {
    model.write('x'.repeat(200_000));
    model.pump(1000);
  }
  expect(sent).toBeLessThanOrEqual(OUTPUT_WINDOW_BYTES);
  expect(snapshots).toBeLessThanOrEqual(1);
});

test('an acknowledgement of what was never sent opens no window', () => {
  const model = new Model(50_000_000);
  model.write('x'.repeat(8_000_000));
  model.pump(1000);
  const sent = model.viewerOffset;
  expect(sent).toBe(OUTPUT_WINDOW_BYTES);
  model.stream.acknowledge(Number.MAX_SAFE_INTEGER);
  model.acknowledged = sent;
  model.pump(1000);
  expect(model.viewerOffset).toBe(sent + OUTPUT_WINDOW_BYTES);
});

test('a snapshot is cut into parts that together are the whole, never inside a character', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200_000 }),
      fc.constantFrom('a', '😀', '漢'),
      fc.boolean(),
      (length, char, shift) => {
        const data = (shift ? 'x' : '') + char.repeat(length);
        const parts = splitSnapshot(data);
        expect(parts.join('')).toBe(data);
        for (const part of parts)
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(MAX_SNAPSHOT_PART_BYTES);
        expect(parts.some((part) => Buffer.from(part).toString('utf8').includes('\ufffd'))).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});
