/**
 * Decides from a raw request head whether a request may reach the daemon. It promises to refuse what is malformed,
 * doubled or not exactly allowed, in this order: method, path and version; Host; Origin; credential; rate.
 */
import { checkTarget, type Credentials } from './credentials.js';
import { type Refusal, refuse } from './refusal.js';
import { headerValues, pathOf, type RequestHead, shown } from './request-head.js';

export type AdmissionRules = {
  /** Values of `Host` that name this daemon, in lower case. */
  readonly allowedHosts: ReadonlySet<string>;
  /**
   * Values of `Origin` that may open a WebSocket, compared exactly. No Tauri origin is among them by default; undefined
   * where no page can be (a Unix socket): any `Origin` is refused there, of plain requests too.
   */
  readonly allowedOrigins: ReadonlySet<string> | undefined;
  readonly credentials: Credentials;
};

export type Admission =
  | {
      readonly kind: 'accepted';
      readonly origin: string | null;
      /** With what the request has shown who it is. */
      readonly credential: 'token' | null;
    }
  | Refusal;

/** The only path of WebSockets. */
export const WEBSOCKET_PATH = '/ws';
/** The question by which a daemon is found: it needs no credential, and its answer holds nothing secret. */
export const HEALTH_PATH = '/api/health';

function checkHost(head: RequestHead, rules: AdmissionRules): Refusal | undefined {
  const hosts = headerValues(head.rawHeaders, 'host');
  const [host] = hosts;
  if (host === undefined)
    return refuse(400, 'host_missing', 'The request has no Host header. Send exactly one.');
  if (hosts.length > 1) {
    return refuse(400, 'host_duplicate', 'The request has more than one Host header. Send exactly one.');
  }
  if (!rules.allowedHosts.has(host.toLowerCase())) {
    return refuse(
      403,
      'host_not_allowed',
      `Host not allowed: ${shown(host)}. Use one of: ${[...rules.allowedHosts].join(', ')}.`,
    );
  }
  return undefined;
}

/** The design's rule, `!origin || allowedOrigins.has(origin)`, on what was really sent. */
function checkOrigin(
  head: RequestHead,
  { allowedOrigins }: AdmissionRules,
): { readonly kind: 'accepted'; readonly origin: string | null } | Refusal {
  const origins = headerValues(head.rawHeaders, 'origin');
  const [origin] = origins;
  if (origin === undefined) return { kind: 'accepted', origin: null };
  if (origins.length > 1) {
    return refuse(
      403,
      'origin_duplicate',
      'The request has more than one Origin header. A browser sends one.',
    );
  }
  if (origin !== 'null' && allowedOrigins?.has(origin) === true) return { kind: 'accepted', origin };
  const which = origin === '' ? '(empty)' : shown(origin);
  return refuse(
    403,
    'origin_not_allowed',
    allowedOrigins === undefined
      ? `Origin not allowed: ${which}. No page reaches this socket; a program that dials it sends no Origin.`
      : `Origin not allowed: ${which}. Pages of this origin may not connect. ` +
          "Open the daemon's own web address, use a program that sends no Origin, or start the daemon with " +
          '--allow-origin for an origin that you trust.',
  );
}

function checkVersion(head: RequestHead): Refusal | undefined {
  if (head.httpVersion === '1.1') return undefined;
  return refuse(505, 'http_version', `HTTP/${shown(head.httpVersion)} is not spoken here. Use HTTP/1.1.`);
}

/** Whether an upgrade may become a WebSocket. `bytesAfterHead` came with it, before our answer. */
export function admitUpgrade(
  head: RequestHead,
  rules: AdmissionRules,
  bytesAfterHead: number,
  isStopping: boolean,
): Admission {
  const inUrl = checkTarget(head.target);
  if (inUrl !== undefined) return inUrl;
  if (head.method !== 'GET') {
    return refuse(405, 'method_not_allowed', `A WebSocket starts with GET, not ${shown(head.method)}.`, {
      Allow: 'GET',
    });
  }
  if (head.target !== WEBSOCKET_PATH) {
    return refuse(
      404,
      'path_not_found',
      `There is no WebSocket at this path. The path is ${WEBSOCKET_PATH}, exactly, without a query.`,
    );
  }
  const refusal = checkVersion(head) ?? checkUpgradeHeaders(head) ?? checkHost(head, rules);
  if (refusal !== undefined) return refusal;
  const origin = checkOrigin(head, rules);
  if (origin.kind === 'refused') return origin;
  const credential = rules.credentials.check(head.rawHeaders, false);
  if (credential.kind === 'refused') return credential;
  if (bytesAfterHead > 0) {
    return refuse(400, 'body_not_allowed', 'Bytes came with the WebSocket handshake, before its answer.');
  }
  if (isStopping) return refuse(503, 'stopping', 'The daemon is stopping. Try again when it runs.');
  return { ...credential, ...origin };
}

function checkUpgradeHeaders(head: RequestHead): Refusal | undefined {
  const one = (name: string): string | undefined => {
    const values = headerValues(head.rawHeaders, name);
    return values.length === 1 ? values[0] : undefined;
  };
  if (one('upgrade')?.toLowerCase() !== 'websocket') {
    return refuse(426, 'upgrade_required', 'This path speaks WebSocket only.', { Upgrade: 'websocket' });
  }
  if (one('sec-websocket-version') !== '13') {
    return refuse(426, 'websocket_version', 'Only WebSocket version 13 (RFC 6455) is spoken here.', {
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
    });
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(one('sec-websocket-key') ?? '')) {
    return refuse(400, 'websocket_key', 'Sec-WebSocket-Key must be there once, with 16 bytes in base64.');
  }
  if (headerValues(head.rawHeaders, 'content-length').some((value) => value.trim() !== '0')) {
    return refuse(400, 'body_not_allowed', 'A WebSocket handshake has no body.');
  }
  if (headerValues(head.rawHeaders, 'transfer-encoding').length > 0) {
    return refuse(400, 'body_not_allowed', 'A WebSocket handshake has no body.');
  }
  return undefined;
}

/** Whether a plain HTTP request may be answered. Over TCP reading needs no Origin rule: nothing changes anything. */
export function admitRequest(head: RequestHead, rules: AdmissionRules): Admission {
  const inUrl = checkTarget(head.target);
  if (inUrl !== undefined) return inUrl;
  if (head.method !== 'GET' && head.method !== 'HEAD') {
    return refuse(405, 'method_not_allowed', `Nothing here takes ${shown(head.method)}. Use GET.`, {
      Allow: 'GET, HEAD',
    });
  }
  if (!head.target.startsWith('/') || head.target.startsWith('//')) {
    return refuse(400, 'target_invalid', 'The request target must be a path that starts with one slash.');
  }
  const refusal = checkVersion(head) ?? checkHost(head, rules);
  if (refusal !== undefined) return refusal;
  if (rules.allowedOrigins === undefined) {
    const origin = checkOrigin(head, rules);
    if (origin.kind === 'refused') return origin;
  }
  const path = pathOf(head.target);
  if (path === WEBSOCKET_PATH) {
    return refuse(426, 'upgrade_required', 'This path speaks WebSocket only.', { Upgrade: 'websocket' });
  }
  const credential = rules.credentials.check(head.rawHeaders, path === HEALTH_PATH);
  return credential.kind === 'refused' ? credential : { ...credential, origin: null };
}
