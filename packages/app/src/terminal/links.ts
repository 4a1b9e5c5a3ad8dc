/** Opens a link from a terminal: a browser in a new tab; the desktop's window, which leaves its page for nobody, copies it. */
import { useNotice } from '../state/notice.js';
import { surface } from '../surface.js';
import { copyText } from './clipboard.js';

export function openLink(uri: string): void {
  if (surface === 'browser') {
    window.open(uri, '_blank', 'noopener,noreferrer');
    return;
  }
  void copyText(uri).then((copied) => {
    const { say, dismiss } = useNotice.getState();
    say({ text: copied ? `Copied ${uri}` : 'The link could not be copied.', dismiss });
  });
}
