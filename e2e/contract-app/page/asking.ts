/**
 * What a page does that has the person asked for an endpoint. A question lasts as long as the person likes, so its
 * outcome is kept here and read later.
 */
import type { DaemonTransport } from '@holdfast/client/transport';
import {
  createPluginTransportFactory,
  EndpointError,
  listEndpoints,
  requestEndpoint,
  revokeEndpoint,
} from 'tauri-plugin-daemon-transport-api';

/** What became of a request. */
export type Outcome =
  { decision: string } | { code: string; message: string; retryAfterMs: number | undefined };

/** Held so that nothing collects them while a test looks on. */
const held: DaemonTransport[] = [];

export const asking = {
  /** The outcome of each question of this page, in the order of asking; undefined while it is open. */
  outcomes: [] as (Outcome | undefined)[],

  /** Has the person asked, and gives the number of the outcome. */
  request(url: string): number {
    const number = asking.outcomes.push(undefined) - 1;
    requestEndpoint(url).then(
      (decision) => (asking.outcomes[number] = { decision }),
      (error: unknown) => (asking.outcomes[number] = describe(error)),
    );
    return number;
  },

  list: listEndpoints,
  revoke: (url: string) => revokeEndpoint(url),

  /** What the connections below were told. */
  told: [] as unknown[],

  /** Opens a connection that says `hello`, and notes everything it is told. */
  connect(url: string): void {
    const connection = createPluginTransportFactory()({ url });
    held.push(connection);
    connection.onOpen(() => {
      asking.told.push('open');
      connection.send('hello');
    });
    connection.onError((event) => asking.told.push({ error: event }));
    connection.onClose((event) => asking.told.push({ close: event }));
  },
};

function describe(error: unknown): Outcome {
  return error instanceof EndpointError
    ? { code: error.code, message: error.message, retryAfterMs: error.retryAfterMs }
    : { code: 'not an EndpointError', message: String(error), retryAfterMs: undefined };
}
