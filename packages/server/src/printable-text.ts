/**
 * Makes text from a program fit to be shown outside its terminal: a title, a name or a path must not move the cursor,
 * change colours or ring somebody else's bell.
 */

/** The text without control characters (C0, DEL, C1), cut to so many code units. */
export function printableText(text: string, maxLength: number): string {
  return text.replace(/\p{Cc}/gu, '').slice(0, maxLength);
}
