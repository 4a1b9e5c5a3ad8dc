/** The daemon's own addresses: what `Host` and `Origin` may say, what the page may connect to, and what others are told. */
import { HoldfastError } from '../errors.js';

/** Loopback addresses on which the daemon may listen; other ones are not offered. */
const LOOPBACK_HOSTS = ['127.0.0.1', '::1'] as const;
export type LoopbackHost = (typeof LOOPBACK_HOSTS)[number];

/** Where the daemon listens unless told otherwise. */
export const DEFAULT_HOST: LoopbackHost = '127.0.0.1';
export const DEFAULT_PORT = 6767;

export function parseHost(text: string): LoopbackHost {
  if (text === 'localhost') return DEFAULT_HOST;
  const literal = text.replace(/^\[(.*)\]$/, '$1');
  const host = LOOPBACK_HOSTS.find((candidate) => candidate === literal);
  if (host !== undefined) return host;
  throw new HoldfastError(
    'invalid_host',
    `The daemon listens on this computer only: 127.0.0.1 or ::1, not ${text}. Leave --host out, or name one of them.`,
  );
}

/** `host:port` as it stands in an address; an IPv6 literal in brackets (RFC 3986 section 3.2.2). */
function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

export function webUrlOf(host: string, port: number): string {
  return `http://${authority(host, port)}/`;
}

export function wsUrlOf(host: string, port: number): string {
  return `ws://${authority(host, port)}/ws`;
}

/** Names under which a browser or a client on this computer reaches the daemon. */
function ownAuthorities(port: number): string[] {
  return ['127.0.0.1', 'localhost', '::1'].map((name) => authority(name, port));
}

/** Values of `Host`: with port 80, browsers leave the port out. */
export function allowedHostsFor(port: number): Set<string> {
  const hosts = ownAuthorities(port);
  if (port === 80) hosts.push('127.0.0.1', 'localhost', '[::1]');
  return new Set(hosts);
}

/** Values of `Origin`: the daemon's own web addresses, where it listens, and the ones that were named. */
export function allowedOriginsFor(host: LoopbackHost, port: number, extra: readonly string[]): Set<string> {
  const names = host === '::1' ? ['::1', 'localhost'] : ['127.0.0.1', 'localhost'];
  const suffix = (name: string): string =>
    port === 80 ? authority(name, port).replace(/:80$/, '') : authority(name, port);
  return new Set([...names.map((name) => `http://${suffix(name)}`), ...extra.map(parseOrigin)]);
}

/**
 * Checks an origin that the person allows: `scheme://host[:port]` exactly as a browser sends it (RFC 6454 section 6.2),
 * since it is compared exactly.
 */
export function parseOrigin(text: string): string {
  const isOrigin = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[1-9][0-9]{0,4})?$/.test(text);
  if (isOrigin) return text;
  throw new HoldfastError(
    'invalid_origin',
    `${text} is not an origin as browsers send it: scheme://host or scheme://host:port, in lower case, ` +
      'without a path or a slash at the end, such as http://localhost:5173.',
  );
}

/** Content Security Policy of the web app: it may open a WebSocket to the daemon and nothing else. */
export function contentSecurityPolicy(port: number): string {
  // An IPv6 literal is no valid source (CSP 3, section 2.3.1): a page at [::1] goes by 'self'.
  const sockets = ownAuthorities(port)
    .filter((own) => !own.startsWith('['))
    .map((own) => `ws://${own}`);
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self' ${sockets.join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
