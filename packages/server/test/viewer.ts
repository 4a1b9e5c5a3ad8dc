/** A viewer of one terminal: puts its stream together, checks that offsets join, and acknowledges what it takes. */
import type { DaemonMessage, MethodResult } from '@holdfast/protocol';
import { createHash } from 'node:crypto';
import type { RawClient } from './raw-client.js';

let nextAttachment = 1;

export class Viewer {
  readonly attachment = nextAttachment++;
  /** All output since the last snapshot; cut where a test asks not to keep it. */
  output = '';
  snapshot = '';
  readonly snapshots: { offset: number; cols: number; rows: number; data: string }[] = [];
  readonly gaps: { from: number; to: number }[] = [];
  readonly sizes: { cols: number; rows: number; offset: number }[] = [];
  /** Types of the stream's messages in their order, repetitions left out. */
  readonly order: string[] = [];
  readonly hash = createHash('sha256');
  offset = 0;
  received = 0;
  exited: { exitCode: number | null; signal: string | null; offset: number } | undefined;
  isClosed = false;
  /** Whether output is acknowledged at once. */
  acknowledges = true;
  keeps = 1_000_000;
  #started = false;

  constructor(readonly client: RawClient) {
    const before = client.onMessage;
    client.onMessage = (message): void => {
      before(message);
      if ('attachment' in message && message.attachment === this.attachment) this.#take(message);
    };
  }

  static async attach(
    client: RawClient,
    terminalId: string,
    options: { from?: number; maxBehindBytes?: number; acknowledges?: boolean } = {},
  ): Promise<Viewer & { start: MethodResult<'terminal.attach'> }> {
    const viewer = new Viewer(client);
    viewer.acknowledges = options.acknowledges ?? true;
    if (options.from !== undefined) viewer.#goOnAt(options.from);
    const start = await client.request('terminal.attach', {
      terminalId,
      attachment: viewer.attachment,
      ...(options.from === undefined ? {} : { from: options.from }),
      ...(options.maxBehindBytes === undefined ? {} : { maxBehindBytes: options.maxBehindBytes }),
    });
    return Object.assign(viewer, { start });
  }

  /** Settles when the output since the last snapshot holds this. */
  async shows(text: string | RegExp): Promise<void> {
    await this.client.until(() =>
      typeof text === 'string' ? this.output.includes(text) : text.test(this.output),
    );
  }

  acknowledge(): void {
    this.client.send({ type: 'ack', attachment: this.attachment, offset: this.offset });
  }

  #goOnAt(offset: number): void {
    this.offset = offset;
    this.#started = true;
  }

  #take(message: Extract<DaemonMessage, { attachment: number }>): void {
    if (this.order.at(-1) !== message.type) this.order.push(message.type);
    switch (message.type) {
      case 'output': {
        if (!this.#started || message.offset !== this.offset) {
          throw new Error(`output at ${String(message.offset)} does not join ${String(this.offset)}`);
        }
        const bytes = Buffer.from(message.data, 'utf8');
        if (bytes.length !== message.length) throw new Error('length is not that of the data');
        this.hash.update(bytes);
        this.received += bytes.length;
        this.offset += bytes.length;
        this.output = (this.output + message.data).slice(-this.keeps);
        if (this.acknowledges) this.acknowledge();
        return;
      }
      case 'snapshot':
        this.snapshot = message.part === 0 ? message.data : this.snapshot + message.data;
        if (message.part === message.parts - 1) {
          const { offset, cols, rows } = message;
          this.snapshots.push({ offset, cols, rows, data: this.snapshot });
          this.#goOnAt(offset);
          this.output = '';
          if (this.acknowledges) this.acknowledge();
        }
        return;
      case 'gap':
        this.gaps.push({ from: message.from, to: message.to });
        return;
      case 'resized':
        this.sizes.push({ cols: message.cols, rows: message.rows, offset: this.offset });
        return;
      case 'exited':
        this.exited = { exitCode: message.exitCode, signal: message.signal, offset: message.offset };
        return;
      case 'closed':
        this.isClosed = true;
    }
  }
}
