import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Sequencer } from '../guest-js/sequencer.js';

it('gives each item once and in order, however often and in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 }), (arrivals) => {
      const taken: number[] = [];
      const sequencer = new Sequencer<number>((item) => taken.push(item));
      const seen = new Set<number>();
      for (const seq of arrivals) {
        sequencer.push(seq, seq);
        seen.add(seq);
        let contiguous = 0;
        while (seen.has(contiguous + 1)) contiguous += 1;
        expect(sequencer.last).toBe(contiguous);
        expect(sequencer.early, 'nothing is kept that was taken').toBe(seen.size - contiguous);
        expect(taken).toEqual(Array.from({ length: contiguous }, (_, index) => index + 1));
      }
    }),
  );
});
