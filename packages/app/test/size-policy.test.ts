import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  INITIAL_SIZE_STATE,
  sizedElsewhere,
  stepSize,
  type Size,
  type SizeEvent,
  type SizeState,
} from '../src/terminal/size-policy.js';

const SMALL: Size = { cols: 80, rows: 24 };
const LARGE: Size = { cols: 120, rows: 40 };

function after(...events: SizeEvent[]): { state: SizeState; asks: Size[] } {
  let state = INITIAL_SIZE_STATE;
  const asks: Size[] = [];
  for (const event of events) {
    const step = stepSize(state, event);
    state = step.state;
    if (step.ask !== null) asks.push(step.ask);
  }
  return { state, asks };
}

test('a view that is used before the size is known asks for its own as soon as it is', () => {
  const { asks } = after({ kind: 'fit', fit: LARGE }, { kind: 'used' }, { kind: 'resized', size: SMALL });
  expect(asks).toEqual([LARGE]);
});

test('a view that is only looked at leaves the size alone and says who set it', () => {
  const { state, asks } = after({ kind: 'fit', fit: LARGE }, { kind: 'resized', size: SMALL });
  expect(asks).toEqual([]);
  expect(sizedElsewhere(state)).toBe(true);
});

test('another window that takes the size ends the ownership: resizing this window asks for nothing', () => {
  const { state, asks } = after(
    { kind: 'fit', fit: LARGE },
    { kind: 'resized', size: LARGE },
    { kind: 'used' },
    { kind: 'resized', size: SMALL },
    { kind: 'fit', fit: { cols: 100, rows: 30 } },
  );
  expect(asks).toEqual([]);
  expect(sizedElsewhere(state)).toBe(true);
});

test('while a window is dragged, its own earlier sizes do not end the ownership', () => {
  const next = { cols: 121, rows: 40 };
  const { state, asks } = after(
    { kind: 'resized', size: SMALL },
    { kind: 'used' },
    { kind: 'fit', fit: LARGE },
    { kind: 'fit', fit: next },
    { kind: 'resized', size: LARGE },
    { kind: 'resized', size: next },
  );
  expect(asks).toEqual([LARGE, next]);
  expect(state.owner).toBe(true);
  expect(sizedElsewhere(state)).toBe(false);
});

test('a window that was resized without a connection sets its size once it is back, and blames nobody', () => {
  const away = after(
    { kind: 'resized', size: SMALL },
    { kind: 'used' },
    { kind: 'fit', fit: LARGE },
    { kind: 'refused' },
  );
  expect(sizedElsewhere(away.state)).toBe(false);
  expect(stepSize(away.state, { kind: 'attached', size: SMALL }).ask).toEqual(LARGE);
  const other = { cols: 90, rows: 20 };
  expect(stepSize(away.state, { kind: 'attached', size: other }).ask).toBeNull();
});

test('a size is never asked for because another window changed it', () => {
  const size = fc.record({ cols: fc.integer({ min: 2, max: 9 }), rows: fc.integer({ min: 1, max: 9 }) });
  const event: fc.Arbitrary<SizeEvent> = fc.oneof(
    fc.constant<SizeEvent>({ kind: 'used' }),
    size.map<SizeEvent>((fit) => ({ kind: 'fit', fit })),
    size.map<SizeEvent>((changed) => ({ kind: 'resized', size: changed })),
    fc.constant<SizeEvent>({ kind: 'refused' }),
    size.map<SizeEvent>((answered) => ({ kind: 'answered', size: answered })),
  );
  fc.assert(
    fc.property(fc.array(event), size, (events, last) => {
      const { state } = after({ kind: 'resized', size: SMALL }, ...events);
      expect(stepSize(state, { kind: 'resized', size: last }).ask).toBeNull();
    }),
  );
});

test('two windows on one terminal come to rest after any sequence of uses and resizes', () => {
  const size = fc.record({ cols: fc.integer({ min: 2, max: 9 }), rows: fc.integer({ min: 1, max: 9 }) });
  const action = fc.record({ window: fc.nat({ max: 1 }), fit: fc.option(size, { nil: null }) });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 20 }), (actions) => {
      const windows: [SizeState, SizeState] = [INITIAL_SIZE_STATE, INITIAL_SIZE_STATE];
      const wire: Size[] = [];
      const feed = (index: 0 | 1, event: SizeEvent): void => {
        const step = stepSize(windows[index], event);
        windows[index] = step.state;
        if (step.ask !== null) wire.push(step.ask);
      };
      for (const index of [0, 1] as const) feed(index, { kind: 'resized', size: SMALL });
      for (const { window, fit } of actions) {
        const index = window === 0 ? 0 : 1;
        if (fit !== null) feed(index, { kind: 'fit', fit });
        feed(index, { kind: 'used' });
      }
      // The daemon sets each size that was asked for and tells both windows; that must come to an end.
      let told = 0;
      for (let asked = wire.shift(); asked !== undefined; asked = wire.shift()) {
        for (const index of [0, 1] as const) feed(index, { kind: 'resized', size: asked });
        told += 1;
        // Inside the loop, so that windows which never come to rest fail instead of running for ever.
        expect(told).toBeLessThanOrEqual(actions.length);
      }
    }),
  );
});
