import type { TerminalInfo } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { folderName, shortPath, subtitleOf } from '../src/sidebar/terminal-words.js';
import { neighbour, shownAfter } from '../src/state/selection.js';
import { runningProgram } from '../src/terminal/programs.js';

function info(part: Partial<TerminalInfo>): TerminalInfo {
  return {
    terminalId: 't',
    title: 'bash',
    titleFixed: false,
    command: '/bin/bash',
    args: [],
    cwd: '/home/ada/work',
    cols: 80,
    rows: 24,
    state: { kind: 'running', pid: 1 },
    foreground: null,
    createdAt: '2026-01-05T09:00:00.000Z',
    outputOffset: 0,
    bells: 0,
    viewers: 1,
    ...part,
  };
}

test('closing a waiting shell asks nothing, closing a program names it', () => {
  expect(runningProgram(info({}))).toBeNull();
  expect(runningProgram(info({ foreground: 'vim' }))).toBe('vim');
  expect(runningProgram(info({ command: '/usr/bin/htop' }))).toBe('htop');
  const ended = { kind: 'exited', exitCode: 0, signal: null, endedAt: '' } as const;
  expect(runningProgram(info({ foreground: 'vim', state: ended }))).toBeNull();
});

test('a line of the list says how a program ended, which one runs, or where', () => {
  expect(subtitleOf(info({}), '/home/ada')).toBe('work');
  expect(subtitleOf(info({ foreground: 'vim' }), null)).toBe('vim');
  const state = { kind: 'exited', exitCode: 3, signal: null, endedAt: '' } as const;
  expect(subtitleOf(info({ state }), null)).toBe('exit 3');
  expect(subtitleOf(info({ state: { ...state, exitCode: null, signal: 'SIGKILL' } }), null)).toBe('SIGKILL');
});

test('paths are shortened without being mistaken for another', () => {
  expect(folderName('/home/ada', '/home/ada')).toBe('~');
  expect(folderName('/', null)).toBe('/');
  expect(shortPath('/home/adam/x', '/home/ada')).toBe('/home/adam/x');
  expect(shortPath('/home/ada/x', '/home/ada')).toBe('~/x');
});

test('when the shown terminal goes, its neighbour is shown', () => {
  expect(shownAfter('b', ['a', 'b', 'c'], ['a', 'c'])).toBe('c');
  expect(shownAfter('c', ['a', 'b', 'c'], ['a', 'b'])).toBe('b');
  expect(shownAfter('x', [], ['a'])).toBe('a');
  expect(shownAfter('a', ['a'], [])).toBeNull();
});

test('next and previous go round', () => {
  expect(neighbour('c', ['a', 'b', 'c'], 1)).toBe('a');
  expect(neighbour('a', ['a', 'b', 'c'], -1)).toBe('c');
  expect(neighbour(null, [], 1)).toBeNull();
});
