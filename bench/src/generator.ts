/** The load generator as the benchmark uses it: one process, whose reports are matched by the id of a run. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { generatorProgram } from './places.js';

/** What the generator measured in one run: the fields depend on the case. */
export type Report = {
  readonly id: string;
  readonly seconds?: number;
  readonly units?: number;
  readonly wrong?: number;
  readonly micros?: readonly number[];
  readonly recovered?: number;
  readonly sent?: number;
  readonly capped?: boolean;
};

export type Query = Readonly<Record<string, string | number>>;

export class Generator {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #port: number;
  readonly #waiting = new Map<string, (report: Report) => void>();
  #next = 1;

  private constructor(process: ChildProcessByStdio<Writable, Readable, null>, port: number) {
    this.#process = process;
    this.#port = port;
  }

  static async start(): Promise<Generator> {
    const child = spawn(generatorProgram(), ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const generator = await new Promise<Generator>((resolve, reject) => {
      child.once('error', reject);
      lines.once('line', (line) =>
        resolve(new Generator(child, (JSON.parse(line) as { port: number }).port)),
      );
    });
    lines.on('line', (line) => {
      const report = JSON.parse(line) as Report;
      generator.#waiting.get(report.id)?.(report);
      generator.#waiting.delete(report.id);
    });
    return generator;
  }

  /** The address of one run, and its report once it has ended. */
  expect(name: string, query: Query): { id: string; url: string; report: Promise<Report> } {
    const id = String(this.#next);
    this.#next += 1;
    const words = Object.entries({ id, ...query }).map(([key, value]) => `${key}=${value}`);
    const report = new Promise<Report>((resolve) => this.#waiting.set(id, resolve));
    return { id, url: `ws://127.0.0.1:${this.#port}/${name}?${words.join('&')}`, report };
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.stdin.end();
    });
  }
}
