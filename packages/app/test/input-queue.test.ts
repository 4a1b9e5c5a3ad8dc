import { MAX_INPUT_BYTES } from '@holdfast/protocol';
import { expect, test, vi } from 'vitest';
import { InputQueue, type InputFailure } from '../src/terminal/input-queue.js';

/** A daemon that answers when it is told to. */
function port() {
  const sent: string[] = [];
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const failures: InputFailure[] = [];
  const queue = new InputQueue({
    send: (data) => {
      sent.push(data);
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }));
    },
    onFailed: (failure) => failures.push(failure),
  });
  return { queue, sent, answers, failures };
}

const coded = (code: string): Error => Object.assign(new Error(code), { code });
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('keystrokes go at once, without waiting for the answer to the one before', () => {
  const { queue, sent } = port();
  queue.type('a');
  queue.type('b');
  expect(sent).toEqual(['a', 'b']);
});

test('a paste goes piece by piece, and what is typed behind it waits its turn', async () => {
  const { queue, sent, answers } = port();
  queue.type('x'.repeat(MAX_INPUT_BYTES + 10));
  queue.type('y');
  expect(sent.map((piece) => piece.length)).toEqual([MAX_INPUT_BYTES]);
  answers[0]?.resolve();
  await turn();
  answers[1]?.resolve();
  await turn();
  expect(sent.map((piece) => piece.length)).toEqual([MAX_INPUT_BYTES, 10, 1]);
});

test('Ctrl+C overtakes a paste and drops the rest of it', async () => {
  const { queue, sent, answers } = port();
  queue.type('x'.repeat(3 * MAX_INPUT_BYTES));
  queue.type('\x03');
  expect(sent.at(-1)).toBe('\x03');
  answers[0]?.resolve();
  await turn();
  expect(sent).toHaveLength(2);
});

test('a piece that the program has no room for is offered again, and nothing overtakes it', async () => {
  vi.useFakeTimers();
  try {
    const { queue, sent, answers, failures } = port();
    queue.type('x'.repeat(2000));
    answers[0]?.reject(coded('input_overflow'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent).toEqual(['x'.repeat(2000), 'x'.repeat(2000)]);
    expect(failures).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test('a lost connection is told once and the rest is not sent later', async () => {
  const { queue, sent, answers, failures } = port();
  queue.type('x'.repeat(3 * MAX_INPUT_BYTES));
  answers[0]?.reject(coded('connection_lost'));
  await turn();
  expect(failures).toEqual([{ code: 'connection_lost', message: 'connection_lost' }]);
  expect(sent).toHaveLength(1);
  expect(queue.busy).toBe(false);
});
