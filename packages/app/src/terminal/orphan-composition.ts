/**
 * Keeps text that an input method commits without composing it (an emoji, a chosen character) from being typed twice.
 * WebKitGTK then sends `keydown` 229, `input` and `compositionend`, and no `compositionstart`; xterm 6.0 takes the text
 * once from the key and once from the end of a composition that never began.
 */

/** Key code of a key that the input method has taken (UI Events, 7.3.1). */
const TAKEN_BY_INPUT_METHOD = 229;

/**
 * Watches the events of the emulator inside `host`, before it sees them. `type` sends text that no key event announced.
 * Returns its own unsubscriber.
 */
export function guardComposition(host: HTMLElement, type: (text: string) => void): () => void {
  let composing = false;
  let keyAnnounced = false;
  const onKeyDown = (event: KeyboardEvent): void => {
    // The standard has deprecated key codes; this one is how engines still tell of an input method.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    keyAnnounced = event.keyCode === TAKEN_BY_INPUT_METHOD;
    // The emulator takes what its text area holds: what was typed before must not be in it any more.
    if (keyAnnounced && !composing && event.target instanceof HTMLTextAreaElement) event.target.value = '';
  };
  const onKeyUp = (): void => {
    keyAnnounced = false;
  };
  const onStart = (): void => {
    composing = true;
  };
  const onEnd = (event: CompositionEvent): void => {
    if (composing) {
      composing = false;
      return;
    }
    event.stopPropagation();
    if (!keyAnnounced && event.data !== '') type(event.data);
  };
  const capture = { capture: true };
  host.addEventListener('keydown', onKeyDown, capture);
  host.addEventListener('keyup', onKeyUp, capture);
  host.addEventListener('compositionstart', onStart, capture);
  host.addEventListener('compositionend', onEnd, capture);
  return () => {
    host.removeEventListener('keydown', onKeyDown, capture);
    host.removeEventListener('keyup', onKeyUp, capture);
    host.removeEventListener('compositionstart', onStart, capture);
    host.removeEventListener('compositionend', onEnd, capture);
  };
}
