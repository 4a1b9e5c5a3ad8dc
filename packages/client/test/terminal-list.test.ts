/** The list of terminals: true after every change, every missing revision and every reconnection. */
import type { DaemonEvent, TerminalInfo } from '@holdfast/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bench, type Bench } from './fake-transport.js';

function terminal(terminalId: string, title = terminalId): TerminalInfo {
  return {
    terminalId,
    title,
    titleFixed: false,
    command: 'sh',
    args: [],
    cwd: '/',
    cols: 80,
    rows: 24,
    state: { kind: 'running', pid: 1 },
    foreground: null,
    createdAt: '2026-01-01T00:00:00Z',
    outputOffset: 0,
    bells: 0,
    viewers: 0,
  };
}

const created = (revision: number, id: string): DaemonEvent => ({
  type: 'event',
  event: 'terminal.created',
  revision,
  terminal: terminal(id),
});

function answerList(test: Bench, revision: number, ids: string[]): void {
  const { id } = test.last().requests('terminal.list').at(-1) ?? { id: 0 };
  test.last().message({
    type: 'response',
    id,
    ok: true,
    result: { revision, terminals: ids.map((name) => terminal(name)) },
  });
}

const ids = (test: Bench): string[] =>
  test.client.terminals.getSnapshot().terminals.map(({ terminalId }) => terminalId);

describe('the list of terminals', () => {
  it('follows created, updated and removed', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    expect(test.client.terminals.getSnapshot().current).toBe(false);
    answerList(test, 3, ['a']);
    expect(test.client.terminals.getSnapshot()).toMatchObject({ current: true, revision: 3 });
    test.last().message(created(4, 'b'));
    test
      .last()
      .message({ type: 'event', event: 'terminal.updated', revision: 5, terminal: terminal('a', 'vim') });
    expect(test.client.terminals.getSnapshot().terminals.map(({ title }) => title)).toEqual(['vim', 'b']);
    test.last().message({ type: 'event', event: 'terminal.removed', revision: 6, terminalId: 'a' });
    expect(ids(test)).toEqual(['b']);
    expect(test.last().requests('terminal.list').length).toBe(1);
  });

  it('applies events that overtake the answer once, and ignores those the answer already holds', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    test.last().message(created(5, 'b'));
    test.last().message(created(6, 'c'));
    answerList(test, 5, ['a', 'b']);
    expect(ids(test)).toEqual(['a', 'b', 'c']);
  });

  it('asks again when a revision is missing', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    answerList(test, 1, ['a']);
    test.last().message(created(3, 'c'));
    expect(test.client.terminals.getSnapshot().current).toBe(false);
    expect(ids(test)).toEqual(['a']);
    answerList(test, 3, ['a', 'b', 'c']);
    expect(ids(test)).toEqual(['a', 'b', 'c']);
    expect(test.client.terminals.getSnapshot().current).toBe(true);
  });

  it('stays readable while disconnected, is asked for once on the next connection, and is true again', () => {
    const test = bench();
    test.client.ensureConnected();
    test.last().welcome();
    answerList(test, 1, ['a']);
    test.last().end();
    expect(ids(test)).toEqual(['a']);
    expect(test.client.terminals.getSnapshot().current).toBe(false);
    test.clock.advance(500);
    test.last().welcome('epoch-2');
    expect(test.last().requests('terminal.list').length).toBe(1);
    answerList(test, 0, []);
    expect(ids(test)).toEqual([]);
    expect(test.client.terminals.getSnapshot().current).toBe(true);
  });

  it('equals the daemon’s list after any history with lost events and lost connections', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            change: fc.constantFrom('create', 'update', 'remove', 'reconnect', 'answer'),
            which: fc.nat({ max: 4 }),
            lost: fc.boolean(),
          }),
          { maxLength: 80 },
        ),
        (history) => {
          const test = bench();
          test.client.ensureConnected();
          test.last().welcome();
          const daemon: { revision: number; terminals: TerminalInfo[] } = { revision: 0, terminals: [] };
          let answered = 0;
          const answer = (): void => {
            for (const { id } of test.last().requests('terminal.list').slice(answered)) {
              test.last().message({ type: 'response', id, ok: true, result: daemon });
            }
            answered = test.last().requests('terminal.list').length;
          };
          const change = (event: DaemonEvent, lost: boolean): void => {
            daemon.revision = event.revision;
            if (!lost) test.last().message(event);
          };
          history.forEach(({ change: kind, which, lost }, index) => {
            const terminalId = `t${String(which)}`;
            const known = daemon.terminals.some((entry) => entry.terminalId === terminalId);
            const revision = daemon.revision + 1;
            if (kind === 'answer') answer();
            else if (kind === 'reconnect') {
              test.last().end();
              test.clock.advance(15_000);
              answered = 0;
              test.last().welcome();
            } else if (kind === 'create' && !known) {
              daemon.terminals = [...daemon.terminals, terminal(terminalId)];
              change(created(revision, terminalId), lost);
            } else if (kind === 'update' && known) {
              const updated = terminal(terminalId, `title ${String(index)}`);
              daemon.terminals = daemon.terminals.map((entry) =>
                entry.terminalId === terminalId ? updated : entry,
              );
              change({ type: 'event', event: 'terminal.updated', revision, terminal: updated }, lost);
            } else if (kind === 'remove' && known) {
              daemon.terminals = daemon.terminals.filter((entry) => entry.terminalId !== terminalId);
              change({ type: 'event', event: 'terminal.removed', revision, terminalId }, lost);
            }
          });
          // One more change that arrives shows every loss before it.
          daemon.terminals = [...daemon.terminals, terminal('last')];
          change(created(daemon.revision + 1, 'last'), false);
          answer();
          answer();
          expect(test.client.terminals.getSnapshot()).toEqual({ ...daemon, current: true });
        },
      ),
      { numRuns: 500 },
    );
  });
});
