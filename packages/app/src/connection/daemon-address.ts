/** Where the daemon listens, as seen by a page that it serves, and how an address is written for a person. Pure. */

/** The daemon's `/ws` on the page's own origin. */
export function pageAddress(location: { readonly protocol: string; readonly host: string }): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
}

/** An address without credentials, query or fragment: those may hold secrets and tell a person nothing. */
export function readableAddress(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.host === '') return parsed.protocol === 'daemon+local:' ? 'the daemon of this computer' : url;
    return parsed.host;
  } catch {
    // Not a URL: shown as it is, for that is what is wrong with it.
    return url;
  }
}
