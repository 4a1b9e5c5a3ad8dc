/**
 * Copy and paste where they work: the Clipboard API where the page may use it, else the document's own copy and paste
 * commands, which WebKitGTK allows within a key stroke. Never rejects: the answer says whether it worked.
 */

/** Puts text on the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  // The command works at once, inside the key stroke, so it goes first where it is allowed.
  if (copyByCommand(text)) return true;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused, or no such API on this page: the caller says so.
    return false;
  }
}

function copyByCommand(text: string): boolean {
  let done = false;
  const onCopy = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
    done = event.clipboardData !== null;
  };
  document.addEventListener('copy', onCopy, { capture: true });
  try {
    // Deprecated in the standard and still the only way without a permission in some WebViews.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    return document.execCommand('copy') && done;
  } catch {
    return false;
  } finally {
    document.removeEventListener('copy', onCopy, { capture: true });
  }
}

/** Reads text from the clipboard; null where the page may not. */
export async function readText(): Promise<string | null> {
  try {
    return await navigator.clipboard.readText();
  } catch {
    // Refused, or no such API on this page: the caller says so.
    return null;
  }
}
