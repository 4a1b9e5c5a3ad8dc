/**
 * Closes a terminal of the daemon. What a person wants is that it is gone, so a terminal that is already gone is a
 * success: the request is sent again after a lost connection, and the first one may have done it.
 */
import { DaemonClientError, type DaemonClientV2 } from '@holdfast/client';

/** Rejects with the {@link DaemonClientError} of any other failure. */
export async function closeTerminal(
  client: Pick<DaemonClientV2, 'request'>,
  terminalId: string,
): Promise<void> {
  try {
    await client.request('terminal.close', { terminalId });
  } catch (error) {
    if (error instanceof DaemonClientError && error.code === 'terminal_not_found') return;
    throw error;
  }
}
