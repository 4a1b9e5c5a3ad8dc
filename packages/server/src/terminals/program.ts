/**
 * Decides what a new terminal runs: program, arguments, directory and environment. It promises that everything
 * which can be known to fail is refused before anything starts, with a code and the name of what is missing.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { HoldfastError, systemCode } from '../errors.js';
import type { TerminalRequest } from './terminal-host.js';

export type Program = {
  /** Absolute path of what is executed. */
  readonly file: string;
  /** As the person wrote it, for the list. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Variables that say something about the terminal or the package script in which the daemon was started; inside
 * a terminal of the daemon they would be false.
 */
const NOT_INHERITED =
  /^(HOLDFAST_.*|npm_.*|INIT_CWD|NODE_CHANNEL_FD|NODE_CHANNEL_SERIALIZATION_MODE|NODE_UNIQUE_ID|TMUX|TMUX_PANE|STY|WINDOW|WINDOWID|TERMCAP|COLUMNS|LINES|TERM_PROGRAM|TERM_PROGRAM_VERSION|TERM_SESSION_ID|VTE_VERSION|KITTY_.*|WEZTERM_.*|ALACRITTY_.*|KONSOLE_.*|GNOME_TERMINAL_.*|ITERM_.*|LC_TERMINAL.*|WT_SESSION|WT_PROFILE_ID|OLDPWD|SHLVL|_)$/;

/** The environment of a terminal's program. */
export function environmentFor(
  base: NodeJS.ProcessEnv,
  terminalId: string,
  version: string,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !NOT_INHERITED.test(name)) env[name] = value;
  }
  env['TERM'] = 'xterm-256color';
  env['COLORTERM'] = 'truecolor';
  env['TERM_PROGRAM'] = 'holdfast';
  env['TERM_PROGRAM_VERSION'] = version;
  env['HOLDFAST_TERMINAL_ID'] = terminalId;
  // A daemon that the desktop started has no locale, and programs would take UTF-8 for Latin-1.
  if (!env['LC_ALL'] && !env['LC_CTYPE'] && !env['LANG']) {
    env['LANG'] = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  }
  for (const [name, value] of Object.entries(changes)) {
    // A computed delete is how a variable is removed; `env` is ours alone.
    if (value === null) Reflect.deleteProperty(env, name);
    else env[name] = value;
  }
  return env;
}

async function checkDirectory(cwd: string): Promise<void> {
  let found;
  try {
    found = await stat(cwd);
  } catch (error) {
    if (systemCode(error) === 'EACCES') {
      throw new HoldfastError(
        'cwd_not_directory',
        `The directory ${cwd} may not be read. Choose another one.`,
      );
    }
    throw new HoldfastError(
      'cwd_not_found',
      `The directory ${cwd} does not exist. Create it or choose another one.`,
    );
  }
  if (!found.isDirectory()) {
    throw new HoldfastError('cwd_not_directory', `${cwd} is not a directory. Choose one that is.`);
  }
  try {
    await access(cwd, constants.X_OK);
  } catch {
    // The reason can only be a lack of permission: the directory was found above.
    throw new HoldfastError(
      'cwd_not_directory',
      `The directory ${cwd} may not be entered. Choose another one.`,
    );
  }
}

type Finding = 'missing' | 'not-executable' | 'executable';

async function examine(file: string): Promise<Finding> {
  try {
    if (!(await stat(file)).isFile()) return 'not-executable';
  } catch (error) {
    return systemCode(error) === 'EACCES' ? 'not-executable' : 'missing';
  }
  try {
    await access(file, constants.X_OK);
    return 'executable';
  } catch {
    // Found above, so this is the permission.
    return 'not-executable';
  }
}

async function findCommand(command: string, cwd: string, path: string): Promise<string> {
  if (command.includes('/') || isAbsolute(command)) {
    const file = resolve(cwd, command);
    const finding = await examine(file);
    if (finding === 'executable') return file;
    if (finding === 'missing') {
      throw new HoldfastError(
        'command_not_found',
        `The command ${command} does not exist (looked for ${file}).`,
      );
    }
    throw new HoldfastError(
      'command_not_executable',
      `${file} may not be executed. Make it executable (chmod +x) or name another command.`,
    );
  }
  let blocked: string | undefined;
  for (const directory of path.split(delimiter)) {
    const file = resolve(cwd, join(directory || '.', command));
    const finding = await examine(file);
    if (finding === 'executable') return file;
    if (finding === 'not-executable') blocked ??= file;
  }
  if (blocked !== undefined) {
    throw new HoldfastError(
      'command_not_executable',
      `${blocked} may not be executed. Name another command.`,
    );
  }
  throw new HoldfastError(
    'command_not_found',
    `The command ${command} was not found in PATH (${path || 'which is empty'}). Install it or give its full path.`,
  );
}

/** The person's login shell and where it was named. */
function loginShell(env: Readonly<Record<string, string>>): {
  readonly shell: string;
  readonly source: string;
} {
  if (process.platform === 'win32') {
    const shell = env['COMSPEC'];
    return shell === undefined
      ? { shell: 'powershell.exe', source: 'the default' }
      : { shell, source: 'COMSPEC' };
  }
  const named = env['SHELL'];
  if (named !== undefined && named !== '') return { shell: named, source: 'the variable SHELL' };
  try {
    const { shell } = userInfo();
    if (shell !== null && shell !== '') return { shell, source: "the system's list of users" };
  } catch {
    // This user is not in the system's list (a container with a bare uid): POSIX has a shell at a known place.
  }
  return { shell: '/bin/sh', source: 'the default' };
}

async function findLoginShell(env: Readonly<Record<string, string>>, cwd: string): Promise<string> {
  const { shell, source } = loginShell(env);
  try {
    return await findCommand(shell, cwd, env['PATH'] ?? '');
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // Another shell than the person's own would be a surprise; the person decides.
    throw new HoldfastError(
      error.code,
      `The login shell ${shell}, named by ${source}, cannot be run: ${error.message} ` +
        'Set SHELL to an installed shell and restart the daemon, or name a command.',
    );
  }
}

/** Checks a request and fills in what it leaves out. */
export async function resolveProgram(
  request: TerminalRequest,
  base: NodeJS.ProcessEnv,
  terminalId: string,
  version: string,
): Promise<Program> {
  const cwd = request.cwd ?? homedir();
  if (!isAbsolute(cwd)) {
    throw new HoldfastError(
      'cwd_not_found',
      `The directory ${cwd} is not an absolute path. Give the full path.`,
    );
  }
  await checkDirectory(cwd);
  const env = environmentFor(base, terminalId, version, request.env ?? {});
  if (request.command === undefined) {
    const file = await findLoginShell(env, cwd);
    // As a login shell: every common shell takes -l, and node-pty offers no argv[0] for the other way.
    const args = process.platform === 'win32' ? [] : ['-l', ...(request.args ?? [])];
    return { file, command: file, args, cwd, env };
  }
  const file = await findCommand(request.command, cwd, env['PATH'] ?? '');
  return { file, command: request.command, args: request.args ?? [], cwd, env };
}
