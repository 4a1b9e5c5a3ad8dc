/** A random name for a client: 128 bits, so that two clients never replace each other by chance. */
export function randomClientId(): string {
  // `randomUUID` exists in secure contexts only; `getRandomValues` everywhere.
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return `c-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
