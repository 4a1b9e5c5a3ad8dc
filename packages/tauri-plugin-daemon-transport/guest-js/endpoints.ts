/**
 * Endpoints that the person allows: asking for one, listing them, taking one back. Asking opens a dialog that Rust
 * draws and only the person can answer; each of the three needs a permission beyond the default one.
 */
import { isRecord, readError } from './happening.js';
import type { EndpointIpc } from './ipc.js';
import { tauriEndpointIpc } from './ipc.js';

/** For how long the person allowed an endpoint: until this page is reloaded or closed, or from now on. */
export type EndpointDecision = 'once' | 'always';

/** An endpoint that the person always allows to one webview. */
export type GrantedEndpoint = {
  /** Its URL in normal form, without a query. */
  readonly url: string;
  /** The label of the webview that asked, and that may use it. */
  readonly webview: string;
  /** When the person agreed, in milliseconds since 1970. */
  readonly grantedAt: number;
};

/** The endpoints that the person always allows, the oldest first. */
export type GrantedEndpoints = {
  /** All of them; none where the file was damaged. */
  readonly endpoints: readonly GrantedEndpoint[];
  /** There when the file of them was found damaged since the app started: nothing in it is allowed any more. */
  readonly damaged?: {
    /** For programs. */
    readonly code: 'endpoint_list_damaged';
    /** For people: which file, what is wrong with it, and where it was put aside. */
    readonly message: string;
  };
};

/** Why a request about endpoints was refused. The codes are stable and listed at each function. */
export class EndpointError extends Error {
  /** What tells it from other errors. */
  override readonly name = 'EndpointError';

  constructor(
    /** For programs. */
    readonly code: string,
    message: string,
    /** With `ask_too_often`: when to ask again, in milliseconds from now. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/**
 * Has the person asked whether this page may connect to `url`, which is a `ws:` or `wss:` URL in normal form. What is
 * allowed is this scheme, host, port and path, with any query. Resolves at once where it is allowed already; else
 * when the person has decided, which may take as long as they like.
 *
 * Rejects with an {@link EndpointError}: `endpoint_refused` (the person said no, or closed the dialog),
 * `ask_in_progress` (a dialog of this webview is open), `ask_too_often` (see `retryAfterMs`), `policy_refused` (a deny
 * list covers it, or nobody can be asked for it), `invalid_url`, `stale_page`, `endpoint_list_full`,
 * `endpoint_list_unavailable`. Needs the permission `daemon-transport:ask-for-endpoints`.
 */
export function requestEndpoint(url: string): Promise<EndpointDecision> {
  return createEndpoints(tauriEndpointIpc).request(url);
}

/**
 * The endpoints that the person always allows, to any webview of the app. Rejects with `endpoint_list_unavailable` where
 * the file cannot be read. Needs the permission `daemon-transport:manage-endpoints`.
 */
export function listEndpoints(): Promise<GrantedEndpoints> {
  return createEndpoints(tauriEndpointIpc).list();
}

/**
 * Takes an endpoint back from every webview, and ends the connections that only it allowed: they fail with
 * `endpoint_revoked`. Resolves to whether it had been allowed. Rejects with `invalid_url` or
 * `endpoint_list_unavailable`. Needs the permission `daemon-transport:manage-endpoints`.
 */
export function revokeEndpoint(url: string): Promise<boolean> {
  return createEndpoints(tauriEndpointIpc).revoke(url);
}

/** The same over another IPC. For tests. */
export function createEndpoints(ipc: EndpointIpc) {
  return {
    request: (url: string): Promise<EndpointDecision> =>
      answer(async () => {
        const page = ipc.receiver()?.pageId;
        if (page === undefined) {
          throw new EndpointError(
            'transport_failed',
            'this page has no tauri-plugin-daemon-transport: is the plugin registered in the app?',
          );
        }
        return readDecision(await ipc.requestEndpoint({ url, page }));
      }),
    list: (): Promise<GrantedEndpoints> => answer(async () => readEndpoints(await ipc.listEndpoints())),
    revoke: (url: string): Promise<boolean> =>
      answer(async () => (await ipc.revokeEndpoint({ url })) === true),
  };
}

async function answer<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof EndpointError) throw thrown;
    const { code, message } = readError(thrown);
    const wait = isRecord(thrown) ? thrown['retryAfterMs'] : undefined;
    throw typeof wait === 'number'
      ? new EndpointError(code, message, wait)
      : new EndpointError(code, message);
  }
}

function readDecision(value: unknown): EndpointDecision {
  const decision = isRecord(value) ? value['decision'] : undefined;
  if (decision === 'once' || decision === 'always') return decision;
  throw new EndpointError('transport_failed', 'the app answered in a form that this library does not know');
}

function readEndpoints(value: unknown): GrantedEndpoints {
  const list = isRecord(value) && Array.isArray(value['endpoints']) ? (value['endpoints'] as unknown[]) : [];
  const endpoints = list.flatMap((item): GrantedEndpoint[] => {
    if (!isRecord(item)) return [];
    const { url, webview, grantedAt } = item;
    return typeof url === 'string' && typeof webview === 'string' && typeof grantedAt === 'number'
      ? [{ url, webview, grantedAt }]
      : [];
  });
  const damaged = isRecord(value) ? value['damaged'] : undefined;
  return isRecord(damaged)
    ? { endpoints, damaged: { code: 'endpoint_list_damaged', message: readError(damaged).message } }
    : { endpoints };
}
