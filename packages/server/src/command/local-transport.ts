/**
 * How the command reaches this user's daemon: by its socket where there is one, else by loopback TCP, with its token. It
 * promises to go by the runtime file as it is at each attempt, since a daemon that was restarted has another token.
 */
import { lstatSync } from 'node:fs';
import type { DaemonTransportFactory } from '@holdfast/client';
import { createNodeTransportFactory } from '@holdfast/client/node';
import type { RuntimeFile } from '@holdfast/protocol';
import { readRuntimeFile } from '../runtime-file.js';

/** The socket or pipe of the file, unless it is plainly not to be dialled: gone, or not this user's. */
function socketOf({ socket, pipe }: RuntimeFile): string | undefined {
  if (process.platform === 'win32') return pipe;
  if (socket === undefined) return undefined;
  const found = lstatSync(socket, { throwIfNoEntry: false });
  return found?.isSocket() === true && found.uid === process.geteuid?.() ? socket : undefined;
}

/** Makes transports to the daemon of this state directory; `last` is its file as it was read before. */
export function createLocalTransportFactory(home: string, last: RuntimeFile): DaemonTransportFactory {
  let file = last;
  return ({ headers }) => {
    // A daemon that is being restarted has no file for a moment: the attempt fails at the old address, and is repeated.
    file = readRuntimeFile(home) ?? file;
    const socketPath = socketOf(file);
    const credential = file.token === undefined ? {} : { Authorization: `Bearer ${file.token}` };
    return createNodeTransportFactory(socketPath === undefined ? {} : { socketPath })({
      // Over the socket the daemon has this name and no port.
      url: socketPath === undefined ? file.wsUrl : `ws://localhost${new URL(file.wsUrl).pathname}`,
      headers: { ...headers, ...credential },
    });
  };
}
