/**
 * What this page holds open in Rust. The official plugin does not notice that a page has gone, so the page says it when
 * it leaves, and, because that may not get through, the next page of the same window closes what is still remembered.
 */
import * as z from 'zod';

const STORAGE_KEY = 'holdfast.tauri-websocket.connections';
const remembered = z.array(z.int().nonnegative());

const own = new Set<number>();
let prepared = false;

/** Sends a close frame on a connection, without waiting for what becomes of it. */
export type CloseConnection = (id: number) => void;

/** Once for a page: closes what an earlier page of this window left open, and will close this page's when it goes. */
export function preparePage(close: CloseConnection): void {
  if (prepared || typeof window === 'undefined') return;
  prepared = true;
  for (const id of read()) if (!own.has(id)) close(id);
  write();
  const leave = (): void => {
    for (const id of own) close(id);
  };
  // A command that is called at `pagehide` may be cancelled with the page; at `beforeunload` the page has a moment left.
  window.addEventListener('beforeunload', leave);
  window.addEventListener('pagehide', leave);
}

export function connectionOpened(id: number): void {
  own.add(id);
  write();
}

export function connectionClosed(id: number): void {
  if (own.delete(id)) write();
}

function read(): number[] {
  try {
    const text = window.sessionStorage.getItem(STORAGE_KEY);
    const parsed = remembered.safeParse(text === null ? [] : JSON.parse(text));
    return parsed.success ? parsed.data : [];
  } catch {
    // Storage may be switched off, or hold what somebody else wrote: then nothing is remembered.
    return [];
  }
}

function write(): void {
  try {
    window.sessionStorage.setItem(STORAGE_KEY, JSON.stringify([...own]));
  } catch {
    // Without storage only `pagehide` is left.
  }
}
