/**
 * Decides from a raw request head, and nothing else, whether a request may reach the daemon. It promises to refuse
 * what is malformed, doubled or not exactly allowed, in this order: method and path, version, Host, Origin.
 */

/** A request head as it came: Node's own `headers` hide duplicates, so only the raw list is looked at. */
export type RequestHead = {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
};

export type AdmissionRules = {
  /** Values of `Host` that name this daemon, in lower case. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Values of `Origin` that may open a WebSocket, compared exactly. No Tauri origin is among them by default. */
  readonly allowedOrigins: ReadonlySet<string>;
};

/** Every code of a refusal and the statuses it comes with. PROTOCOL.md section 2 lists the same, which a test compares. */
export const REFUSAL_STATUSES = {
  target_invalid: [400],
  host_missing: [400],
  host_duplicate: [400],
  websocket_key: [400],
  websocket_handshake: [400],
  body_not_allowed: [400],
  host_not_allowed: [403],
  origin_not_allowed: [403],
  origin_duplicate: [403],
  path_not_found: [404],
  method_not_allowed: [405],
  malformed_request: [400, 408, 431],
  upgrade_required: [426],
  websocket_version: [426],
  internal: [500],
  stopping: [503],
  http_version: [505],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type RefusalCode = keyof typeof REFUSAL_STATUSES;
/** A status that comes with this code. */
export type RefusalStatus<C extends RefusalCode> = (typeof REFUSAL_STATUSES)[C][number];

export type Refusal<C extends RefusalCode = RefusalCode> = {
  readonly kind: 'refused';
  readonly status: RefusalStatus<C>;
  readonly code: C;
  /** What is wrong and what to do. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Admission = { readonly kind: 'accepted'; readonly origin: string | null } | Refusal;

/** The only path of WebSockets. */
export const WEBSOCKET_PATH = '/ws';

/** Longest part of a foreign value that is repeated in a message or the log, in code units. */
const MAX_SHOWN_LENGTH = 200;

/** A foreign value, fit to be shown: printable, and not long. */
export function shown(value: string): string {
  const printable = value.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > MAX_SHOWN_LENGTH ? `${printable.slice(0, MAX_SHOWN_LENGTH)}…` : printable;
}

/** All values of a header. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}

function refuse<C extends RefusalCode>(
  status: RefusalStatus<C>,
  code: C,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Refusal<C> {
  return { kind: 'refused', status, code, message, ...(headers === undefined ? {} : { headers }) };
}

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
function checkOrigin(head: RequestHead, rules: AdmissionRules): Admission {
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
  if (origin !== 'null' && rules.allowedOrigins.has(origin)) return { kind: 'accepted', origin };
  return refuse(
    403,
    'origin_not_allowed',
    `Origin not allowed: ${origin === '' ? '(empty)' : shown(origin)}. Pages of this origin may not connect. ` +
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
  const admission = checkOrigin(head, rules);
  if (admission.kind === 'refused') return admission;
  if (bytesAfterHead > 0) {
    return refuse(400, 'body_not_allowed', 'Bytes came with the WebSocket handshake, before its answer.');
  }
  if (isStopping) return refuse(503, 'stopping', 'The daemon is stopping. Try again when it runs.');
  return admission;
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

/** Whether a plain HTTP request may be answered. Reading needs no Origin rule: nothing changes anything. */
export function admitRequest(head: RequestHead, rules: AdmissionRules): Admission {
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
  if (head.target === WEBSOCKET_PATH) {
    return refuse(426, 'upgrade_required', 'This path speaks WebSocket only.', { Upgrade: 'websocket' });
  }
  return { kind: 'accepted', origin: null };
}
