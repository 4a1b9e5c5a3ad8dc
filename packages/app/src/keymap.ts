/**
 * Which keys are commands of the window. Everything else goes to the program. Pure: the same event, platform and
 * surface give the same command. A browser keeps Ctrl+Shift+T, Ctrl+Shift+W, Ctrl+Tab and F-keys of its own, so the
 * page there uses Alt in their place.
 */

export type Platform = 'linux' | 'windows' | 'mac';
/** Where the page runs: a browser reserves keys that the desktop's window does not. */
export type Surface = 'desktop' | 'browser';

export type Command =
  | { readonly name: 'new-terminal' }
  | { readonly name: 'close-terminal' }
  | { readonly name: 'next-terminal' }
  | { readonly name: 'previous-terminal' }
  | { readonly name: 'go-to-terminal'; readonly index: number }
  | { readonly name: 'rename-terminal' }
  | { readonly name: 'copy' }
  | { readonly name: 'paste' }
  | { readonly name: 'zoom-in' }
  | { readonly name: 'zoom-out' }
  | { readonly name: 'zoom-reset' }
  | { readonly name: 'toggle-sidebar' }
  | { readonly name: 'settings' }
  | { readonly name: 'shift-enter' };

/** The part of a KeyboardEvent that decides. `code` is the place of the key, `key` what it writes. */
export type KeyStroke = {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
};

type Modifiers =
  'none' | 'alt' | 'alt+shift' | 'ctrl' | 'ctrl+shift' | 'meta' | 'meta+shift' | 'shift' | 'other';

function modifiersOf(stroke: KeyStroke): Modifiers {
  const held = [
    stroke.ctrlKey ? 'ctrl' : '',
    stroke.metaKey ? 'meta' : '',
    stroke.altKey ? 'alt' : '',
    stroke.shiftKey ? 'shift' : '',
  ]
    .filter((name) => name !== '')
    .join('+');
  switch (held) {
    case '':
      return 'none';
    case 'alt':
    case 'alt+shift':
    case 'ctrl':
    case 'ctrl+shift':
    case 'meta':
    case 'meta+shift':
    case 'shift':
      return held;
    default:
      return 'other';
  }
}

/** Letters by what the key writes, so that other layouts keep their own places; by its place where Alt changes it. */
function letterOf(stroke: KeyStroke): string {
  if (/^[a-z]$/i.test(stroke.key)) return stroke.key.toLowerCase();
  return stroke.code.startsWith('Key') ? stroke.code.slice(3).toLowerCase() : '';
}

function digitOf(stroke: KeyStroke): number | null {
  const match = /^(?:Digit|Numpad)([1-9])$/.exec(stroke.code);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** The command of a key stroke, or null where it belongs to the program. */
export function commandOf(stroke: KeyStroke, platform: Platform, surface: Surface): Command | null {
  const modifiers = modifiersOf(stroke);
  const mac = platform === 'mac';
  const primary: Modifiers = mac ? 'meta' : 'ctrl';
  const primaryShift: Modifiers = mac ? 'meta+shift' : 'ctrl+shift';
  const letter = letterOf(stroke);

  if (stroke.key === 'F2' && modifiers === 'none') return { name: 'rename-terminal' };
  if (stroke.key === 'Enter' && modifiers === 'shift') return { name: 'shift-enter' };

  if (surface === 'browser') {
    if (modifiers === 'alt' && letter === 't') return { name: 'new-terminal' };
    if (modifiers === 'alt+shift' && letter === 'w') return { name: 'close-terminal' };
    if (modifiers === 'alt' && stroke.key === 'PageDown') return { name: 'next-terminal' };
    if (modifiers === 'alt' && stroke.key === 'PageUp') return { name: 'previous-terminal' };
  } else {
    if (modifiers === primaryShift && letter === 't') return { name: 'new-terminal' };
    if (modifiers === primaryShift && letter === 'w') return { name: 'close-terminal' };
    if (modifiers === 'ctrl' && stroke.key === 'Tab') return { name: 'next-terminal' };
    if (modifiers === 'ctrl+shift' && stroke.key === 'Tab') return { name: 'previous-terminal' };
    if (mac && modifiers === 'meta' && letter === 't') return { name: 'new-terminal' };
  }

  const digit = digitOf(stroke);
  if (digit !== null && modifiers === 'alt' && stroke.code.startsWith('Digit')) {
    return { name: 'go-to-terminal', index: digit - 1 };
  }

  if (modifiers === (mac ? 'meta' : 'ctrl+shift')) {
    if (letter === 'c') return { name: 'copy' };
    if (letter === 'v') return { name: 'paste' };
  }
  if (modifiers === primaryShift && letter === 'b') return { name: 'toggle-sidebar' };
  if (modifiers === primary && stroke.key === ',') return { name: 'settings' };

  // Zoom: + is Shift and = on many layouts, and a key of its own on the number pad.
  if (modifiers === primary || modifiers === primaryShift) {
    if (stroke.key === '+' || (stroke.key === '=' && modifiers === primary)) return { name: 'zoom-in' };
  }
  if (modifiers === primary && stroke.key === '-') return { name: 'zoom-out' };
  if (modifiers === primary && (stroke.code === 'Digit0' || stroke.code === 'Numpad0')) {
    return { name: 'zoom-reset' };
  }
  return null;
}

/** How a command's key is written for a person, e.g. in the empty state and in tooltips. */
export function keyLabel(
  name:
    'new-terminal' | 'close-terminal' | 'rename-terminal' | 'toggle-sidebar' | 'settings' | 'copy' | 'paste',
  platform: Platform,
  surface: Surface,
): string {
  const mac = platform === 'mac';
  switch (name) {
    case 'new-terminal':
      if (surface === 'browser') return mac ? '⌥T' : 'Alt+T';
      return mac ? '⇧⌘T' : 'Ctrl+Shift+T';
    case 'close-terminal':
      if (surface === 'browser') return mac ? '⌥⇧W' : 'Alt+Shift+W';
      return mac ? '⇧⌘W' : 'Ctrl+Shift+W';
    case 'rename-terminal':
      return 'F2';
    case 'toggle-sidebar':
      return mac ? '⇧⌘B' : 'Ctrl+Shift+B';
    case 'settings':
      return mac ? '⌘,' : 'Ctrl+,';
    case 'copy':
      return mac ? '⌘C' : 'Ctrl+Shift+C';
    case 'paste':
      return mac ? '⌘V' : 'Ctrl+Shift+V';
  }
}

/** The platform, from what the browser says about itself. */
export function platformOf(userAgent: string): Platform {
  if (/Mac|iPhone|iPad/i.test(userAgent)) return 'mac';
  return /Windows/i.test(userAgent) ? 'windows' : 'linux';
}
