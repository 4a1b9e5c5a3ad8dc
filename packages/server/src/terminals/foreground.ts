/** Asks the system which process group is in the foreground of a terminal, and what its program is called. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAX_TITLE_LENGTH } from '@holdfast/protocol';
import { printableText } from '../printable-text.js';

export type Foreground = { readonly processGroup: number; readonly name: string | null };

/** A program's name for people: its arguments are its own, so they may hold anything. Null if nothing of it can be shown. */
export function nameOfProgram(path: string): string | null {
  const name = printableText(basename(path).replace(/^-/, ''), MAX_TITLE_LENGTH);
  return name === '' ? null : name;
}

/** Name of a process, from its arguments: what people typed, where the kernel's own name is cut at 15 bytes. */
async function nameOf(pid: number): Promise<string | null> {
  try {
    const [first] = (await readFile(`/proc/${String(pid)}/cmdline`, 'utf8')).split('\0');
    return nameOfProgram(first ?? '');
  } catch {
    // The process has just ended.
    return null;
  }
}

async function askProc(pid: number): Promise<Foreground | undefined> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may hold anything; fields are counted after the last one: 3 is the state, 8 is tpgid (proc(5)).
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[5];
    const processGroup = Number(field);
    if (!Number.isInteger(processGroup) || processGroup <= 0) return undefined;
    return { processGroup, name: await nameOf(processGroup) };
  } catch {
    // The program has just ended.
    return undefined;
  }
}

function run(file: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, [...args], { timeout: 2_000 }, (error, stdout) => {
      resolve(error === null ? stdout.trim() : undefined);
    });
  });
}

async function askPs(pid: number): Promise<Foreground | undefined> {
  const processGroup = Number(await run('ps', ['-o', 'tpgid=', '-p', String(pid)]));
  if (!Number.isInteger(processGroup) || processGroup <= 0) return undefined;
  const name = await run('ps', ['-o', 'comm=', '-p', String(processGroup)]);
  return { processGroup, name: nameOfProgram(name ?? '') };
}

/** The foreground of the terminal that this process is on; undefined where the system does not say. */
export function foregroundOf(pid: number): Promise<Foreground | undefined> {
  if (process.platform === 'linux') return askProc(pid);
  return process.platform === 'win32' ? Promise.resolve(undefined) : askPs(pid);
}
