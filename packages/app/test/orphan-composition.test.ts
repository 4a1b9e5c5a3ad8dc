// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest';
import { guardComposition } from '../src/terminal/orphan-composition.js';

let host: HTMLElement;
let area: HTMLElement;
let typed: string[];
let ends: number;

beforeEach(() => {
  host = document.createElement('div');
  area = document.createElement('textarea');
  host.append(area);
  typed = [];
  ends = 0;
  area.addEventListener('compositionend', () => (ends += 1));
  guardComposition(host, (text) => typed.push(text));
});

const composition = (type: string, data: string): boolean =>
  area.dispatchEvent(Object.assign(new Event(type, { bubbles: true }), { data }));
const key = (type: string, keyCode: number): boolean =>
  area.dispatchEvent(Object.assign(new Event(type, { bubbles: true }), { keyCode }));

test('a composition that began reaches the emulator as it is', () => {
  composition('compositionstart', '');
  composition('compositionend', '漢');
  expect({ ends, typed }).toEqual({ ends: 1, typed: [] });
});

test('text that a key has announced is left to the key', () => {
  key('keydown', 229);
  composition('compositionend', '👍');
  key('keyup', 0);
  expect({ ends, typed }).toEqual({ ends: 0, typed: [] });
});

test('text that nothing announced is typed once', () => {
  key('keydown', 65);
  key('keyup', 65);
  composition('compositionend', '👍');
  expect({ ends, typed }).toEqual({ ends: 0, typed: ['👍'] });
});
