/** Connects a subcommand to the running daemon and closes the connection when it has ended, however it ended. */
import { DaemonClientV2 } from '@holdfast/client';
import type { RuntimeFile, TerminalInfo } from '@holdfast/protocol';
import { VERSION } from '../version.js';
import { requireDaemon } from './daemon-process.js';
import { EXIT } from './exit-codes.js';
import { createLocalTransportFactory } from './local-transport.js';
import { CommandError } from './output.js';

export async function withClient<T>(
  home: string,
  reconnect: boolean,
  work: (client: DaemonClientV2, file: RuntimeFile) => Promise<T>,
): Promise<T> {
  const file = await requireDaemon(home);
  const client = new DaemonClientV2({
    url: file.wsUrl,
    transportFactory: createLocalTransportFactory(home, file),
    clientName: 'holdfast command',
    version: VERSION,
    reconnect: { enabled: reconnect },
  });
  try {
    await client.connect();
    return await work(client, file);
  } finally {
    await client.close();
  }
}

/** The terminal that a person names by its id, the beginning of its id, or its title. */
export async function findTerminal(client: DaemonClientV2, name: string): Promise<TerminalInfo> {
  const { terminals } = await client.request('terminal.list', {});
  const exact = terminals.find(({ terminalId }) => terminalId === name);
  if (exact !== undefined) return exact;
  const matching = terminals.filter(({ terminalId, title }) => terminalId.startsWith(name) || title === name);
  const [found] = matching;
  if (found === undefined) {
    throw new CommandError(
      'terminal_not_found',
      `There is no terminal ${name}. See what there is with: holdfast ls`,
    );
  }
  if (matching.length > 1) {
    throw new CommandError(
      'terminal_ambiguous',
      `${name} names ${String(matching.length)} terminals. Give more of the id: ${matching.map(({ terminalId }) => terminalId).join(', ')}`,
      EXIT.usage,
    );
  }
  return found;
}
