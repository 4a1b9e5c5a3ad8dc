/**
 * The Unix socket (on Windows the named pipe) where the daemon listens besides TCP. It promises that no other user
 * reaches it at any moment, that a socket which a killed daemon left is replaced and one that answers never is, that no
 * symbolic link is followed, and that at the end only this daemon's own socket is removed.
 *
 * A socket is made under a name of its own in a directory of mode 0700, closed to others (0600), and only then renamed to
 * the name that is told: what stands there is a listening, private socket or the one before it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { chmod, lstat, readdir, rename, stat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { HoldfastError, reasonOf, systemCode } from '../errors.js';
import { MAX_SOCKET_PATH_BYTES, SOCKET_PROBE_TIMEOUT_MS } from '../limits.js';
import type { Log } from '../log.js';
import { NotPrivate, preparePrivateDirectory } from '../private-files.js';

export type LocalSocket = {
  readonly via: 'unix' | 'pipe';
  readonly path: string;
  /** Takes the name away, if it is still that of this socket. Before the server is closed, while the inode is ours. */
  remove(): void;
};

const SOCKET_NAME = 'daemon.sock';
/** As long as {@link SOCKET_NAME}, so that one fits where the other does. */
const newTemporaryName = (): string => `.d-${randomBytes(4).toString('hex')}`;
const TEMPORARY_NAME = /^\.d-[0-9a-f]{8}$/;

/** A name for what belongs to a state directory and cannot lie in it. */
const nameOf = (home: string, ...more: string[]): string =>
  `holdfast-${createHash('sha256')
    .update([resolve(home), ...more].join('\0'))
    .digest('hex')
    .slice(0, 16)}`;

type Place = { readonly directory: string; readonly isOurs: boolean };

/** Where the socket may lie, best first; and why not there. */
async function placesFor(home: string, env: NodeJS.ProcessEnv, reasons: string[]): Promise<Place[]> {
  const places: Place[] = [{ directory: join(resolve(home), 'run'), isOurs: false }];
  const runtime = env['XDG_RUNTIME_DIR'];
  // The specification has relative paths ignored, and asks for a directory of the user's own with mode 0700.
  if (runtime === undefined || !isAbsolute(runtime)) return places;
  try {
    const found = await stat(runtime);
    if (found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0) {
      places.push({ directory: join(runtime, nameOf(home)), isOurs: true });
    } else {
      reasons.push(`${runtime} (XDG_RUNTIME_DIR) is not a directory of this user with mode 0700`);
    }
  } catch (error) {
    reasons.push(`${runtime} (XDG_RUNTIME_DIR): ${reasonOf(error)}`);
  }
  return places;
}

/** Whether somebody listens. Only a refusal proves that nobody does. */
function isStale(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ path });
    const done = (stale: boolean): void => {
      socket.destroy();
      settle(stale);
    };
    socket.setTimeout(SOCKET_PROBE_TIMEOUT_MS, () => {
      done(false);
    });
    socket.once('connect', () => {
      done(false);
    });
    socket.once('error', (error) => {
      const code = systemCode(error);
      done(code === 'ECONNREFUSED' || code === 'ENOENT');
    });
  });
}

/** Makes sure that the name may be taken: nothing is there, or a socket of ours that nobody serves any more. */
async function claim(path: string, log: Log): Promise<void> {
  let found;
  try {
    found = await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  if (!found.isSocket() || found.uid !== process.geteuid?.()) {
    const what = found.isSymbolicLink()
      ? 'a symbolic link'
      : found.isSocket()
        ? "another user's socket"
        : 'not a socket';
    throw new HoldfastError(
      'socket_in_the_way',
      `The daemon's socket cannot be made: ${path} is ${what}. Look at what it is, remove it, and start again.`,
    );
  }
  if (!(await isStale(path))) throw inUse(path);
  log.info({ event: 'local-socket.stale', socket: path });
}

function inUse(path: string): HoldfastError {
  return new HoldfastError(
    'socket_in_use',
    `Another daemon listens at ${path}. Two never share a socket: end that one (holdfast daemon status), ` +
      'or choose another state directory with --home.',
  );
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      settle();
    });
  });
}

async function listenInDirectory(server: Server, place: Place, log: Log): Promise<LocalSocket> {
  const { directory, isOurs } = place;
  const path = join(directory, SOCKET_NAME);
  await preparePrivateDirectory(directory);
  await claim(path, log);
  // What a start left that was killed in between: nobody else starts here now (start-lock.ts).
  for (const name of await readdir(directory)) {
    if (TEMPORARY_NAME.test(name)) await unlink(join(directory, name));
  }
  const temporary = join(directory, newTemporaryName());
  await listen(server, temporary);
  await chmod(temporary, 0o600);
  const made = await lstat(temporary);
  await rename(temporary, path);
  return {
    via: 'unix',
    path,
    remove: () => {
      try {
        const found = lstatSync(path);
        if (found.ino === made.ino && found.dev === made.dev) unlinkSync(path);
        if (isOurs) rmdirSync(directory);
      } catch (error) {
        // Removed by somebody, or the directory holds more: nothing of ours is in the way of the next start.
        log.debug({ event: 'local-socket.not-removed', socket: path, reason: reasonOf(error) });
      }
    },
  };
}

async function listenOnPipe(server: Server, home: string): Promise<LocalSocket> {
  const path = `\\\\.\\pipe\\${nameOf(home, userInfo().username)}`;
  try {
    await listen(server, path);
  } catch (error) {
    // The system lets nobody open a second pipe of the same name.
    throw systemCode(error) === 'EADDRINUSE' || systemCode(error) === 'EACCES' ? inUse(path) : error;
  }
  // A pipe has no file: it is gone when its server is.
  return { via: 'pipe', path, remove: () => undefined };
}

/**
 * Makes `server` listen on this state directory's socket. Where the system gives none (a path that is too long, a file
 * system without sockets), the log says why and the daemon goes without: undefined.
 *
 * @throws HoldfastError `socket_in_use` if another daemon answers there, `socket_in_the_way` if something else is there.
 */
export async function openLocalSocket(
  server: Server,
  home: string,
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): Promise<LocalSocket | undefined> {
  const reasons: string[] = [];
  if (process.platform === 'win32') {
    try {
      return await listenOnPipe(server, home);
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      reasons.push(reasonOf(error));
    }
  } else {
    for (const place of await placesFor(home, env, reasons)) {
      const length = Buffer.byteLength(join(place.directory, SOCKET_NAME), 'utf8');
      if (length > MAX_SOCKET_PATH_BYTES) {
        reasons.push(
          `${place.directory}: a socket's path has at most ${String(MAX_SOCKET_PATH_BYTES)} bytes, and this would have ${String(length)}`,
        );
        continue;
      }
      try {
        return await listenInDirectory(server, place, log);
      } catch (error) {
        if (error instanceof HoldfastError) throw error;
        if (error instanceof NotPrivate) {
          throw new HoldfastError(
            'socket_in_the_way',
            `The daemon's socket cannot be made: ${place.directory} ${error.message}. Remove it, and start again.`,
            { cause: error },
          );
        }
        reasons.push(`${place.directory}: ${reasonOf(error)}`);
      }
    }
  }
  log.warn({ event: 'local-socket.none', reasons });
  return undefined;
}
