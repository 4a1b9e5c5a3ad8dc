/** Figures as they come, and the form in which they are told. */
import type { Kind } from './plan.js';
import { spread } from './statistics.js';
import type { Way } from './ways.js';

export type Subject = {
  readonly name: string;
  readonly way: Way | 'app';
  /** Size of a message, or 0 where it means nothing. */
  readonly bytes: number;
  readonly kind: Kind;
  readonly unit: string;
};

/** One case over one way, as `--json` writes it. */
export type Case = Subject & {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many runs these are of. */
  readonly runs: number;
};

export class Results {
  readonly #figures = new Map<string, { subject: Subject; values: Map<number, number> }>();

  /** One figure of one round. */
  add(round: number, subject: Subject, value: number): void {
    const key = keyOf(subject);
    const figure = this.#figures.get(key) ?? { subject, values: new Map<number, number>() };
    figure.values.set(round, value);
    this.#figures.set(key, figure);
  }

  cases(): Case[] {
    return [...this.#figures.values()].map(({ subject, values }) => ({
      ...subject,
      ...spread([...values.values()]),
    }));
  }

  /** The figure of one way divided by another's, round by round: what the machine did besides is in both. */
  ratios(name: string, bytes: number, kind: Kind, way: Way, base: Way): number[] {
    const values = (of: Way): Map<number, number> =>
      this.#figures.get(keyOf({ name, bytes, kind, way: of, unit: '' }))?.values ?? new Map<number, number>();
    const bases = values(base);
    return [...values(way)].flatMap(([round, value]) => {
      const other = bases.get(round);
      return other === undefined || other === 0 ? [] : [value / other];
    });
  }
}

const keyOf = ({ name, way, bytes, kind }: Subject): string => [name, way, bytes, kind].join(' ');
