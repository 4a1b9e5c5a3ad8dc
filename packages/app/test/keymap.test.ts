import { describe, expect, test } from 'vitest';
import { commandOf, platformOf, type KeyStroke, type Platform, type Surface } from '../src/keymap.js';

/** `Ctrl+Shift+T` as a key stroke on a US keyboard. */
function stroke(keys: string): KeyStroke {
  const parts = keys.split('+');
  const last = keys.endsWith('++') ? '+' : (parts.at(-1) ?? '');
  const shiftKey = parts.includes('Shift');
  const code = /^[A-Z]$/.test(last) ? `Key${last}` : /^\d$/.test(last) ? `Digit${last}` : last;
  const key = /^[A-Z]$/.test(last) ? (shiftKey ? last : last.toLowerCase()) : last;
  return {
    key,
    code,
    ctrlKey: parts.includes('Ctrl'),
    altKey: parts.includes('Alt'),
    shiftKey,
    metaKey: parts.includes('Meta'),
  };
}

const run = (keys: string, platform: Platform, surface: Surface): string | null =>
  commandOf(stroke(keys), platform, surface)?.name ?? null;

describe('the keys of ui.md', () => {
  test.each<[string, Platform, Surface, string]>([
    ['Ctrl+Shift+T', 'linux', 'desktop', 'new-terminal'],
    ['Meta+Shift+T', 'mac', 'desktop', 'new-terminal'],
    ['Alt+T', 'linux', 'browser', 'new-terminal'],
    ['Ctrl+Shift+W', 'linux', 'desktop', 'close-terminal'],
    ['Alt+Shift+W', 'windows', 'browser', 'close-terminal'],
    ['Ctrl+Tab', 'linux', 'desktop', 'next-terminal'],
    ['Ctrl+Shift+Tab', 'linux', 'desktop', 'previous-terminal'],
    ['Alt+PageDown', 'linux', 'browser', 'next-terminal'],
    ['Alt+3', 'linux', 'browser', 'go-to-terminal'],
    ['F2', 'mac', 'browser', 'rename-terminal'],
    ['Ctrl+Shift+C', 'linux', 'browser', 'copy'],
    ['Ctrl+Shift+V', 'windows', 'desktop', 'paste'],
    ['Meta+C', 'mac', 'browser', 'copy'],
    ['Meta+V', 'mac', 'desktop', 'paste'],
    ['Ctrl+=', 'linux', 'desktop', 'zoom-in'],
    ['Ctrl+Shift++', 'linux', 'desktop', 'zoom-in'],
    ['Ctrl+-', 'linux', 'browser', 'zoom-out'],
    ['Ctrl+0', 'linux', 'browser', 'zoom-reset'],
    ['Shift+Enter', 'linux', 'desktop', 'shift-enter'],
  ])('%s on %s in the %s is %s', (keys, platform, surface, command) => {
    expect(run(keys, platform, surface)).toBe(command);
  });
});

test('what a program needs goes to the program', () => {
  for (const keys of [
    'Ctrl+C',
    'Ctrl+V',
    'Ctrl+D',
    'Ctrl+R',
    'Ctrl+W',
    'Ctrl+T',
    'Alt+B',
    'Enter',
    'Tab',
    'Escape',
  ]) {
    for (const platform of ['linux', 'windows', 'mac'] as const) {
      for (const surface of ['desktop', 'browser'] as const) {
        expect(run(keys, platform, surface), `${keys} ${platform} ${surface}`).toBeNull();
      }
    }
  }
  expect(run('Alt+T', 'linux', 'desktop')).toBeNull();
});

test('letters follow the layout and not the place of the key', () => {
  const dvorak = { ...stroke('Ctrl+Shift+T'), code: 'KeyK' };
  expect(commandOf(dvorak, 'linux', 'desktop')?.name).toBe('new-terminal');
});

test('Alt+T is a command where Alt writes another letter', () => {
  const mac = { ...stroke('Alt+T'), key: '†' };
  expect(commandOf(mac, 'mac', 'browser')?.name).toBe('new-terminal');
});

test('the platform is told by the browser', () => {
  expect(platformOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 14)')).toBe('mac');
  expect(platformOf('Mozilla/5.0 (Windows NT 10.0; Win64)')).toBe('windows');
  expect(platformOf('Mozilla/5.0 (X11; Linux x86_64)')).toBe('linux');
});
