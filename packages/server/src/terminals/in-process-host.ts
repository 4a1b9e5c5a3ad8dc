/** The owner of terminals, in this process. Implements the interface of terminal-host.ts with the promises stated there. */
import { randomUUID } from 'node:crypto';
import { MAX_TERMINALS } from '@holdfast/protocol';
import { HoldfastError } from '../errors.js';
import {
  KILL_AFTER_MS,
  MIN_OUTPUT_RECORD_BYTES,
  SHUTDOWN_KILL_AFTER_MS,
  TOTAL_OUTPUT_RECORD_BYTES,
} from '../limits.js';
import type { Log } from '../log.js';
import { resolveProgram } from './program.js';
import { Terminal } from './terminal.js';
import type { HostEvent, HostTerminal, TerminalHost, TerminalRequest } from './terminal-host.js';

type Entry = { readonly request: TerminalRequest; readonly terminal: Terminal; closing?: Promise<void> };

/** Does it in this turn, so that calls take effect in their order; what it throws is the promise's. */
function attempt<T>(work: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** Whether a repeated request asks for what the first one made. */
function isSameRequest(a: TerminalRequest, b: TerminalRequest): boolean {
  const key = ({ command, args, cwd }: TerminalRequest): string => JSON.stringify([command, args ?? [], cwd]);
  return key(a) === key(b);
}

export function createInProcessHost(options: {
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly log: Log;
}): TerminalHost {
  const { env, version, log } = options;
  const entries = new Map<string, Entry>();
  const starting = new Map<
    string,
    { readonly request: TerminalRequest; readonly made: Promise<HostTerminal> }
  >();
  const listeners = new Set<(event: HostEvent) => void>();
  let isShutDown = false;

  const emit = (event: HostEvent): void => {
    for (const listener of listeners) listener(event);
  };

  const entryOf = (terminalId: string): Entry => {
    const entry = entries.get(terminalId);
    if (entry !== undefined) return entry;
    throw new HoldfastError(
      'terminal_not_found',
      `There is no terminal ${terminalId}. List the terminals to see what there is.`,
    );
  };

  /** Keeps the records of all terminals within their total: the largest gives first. */
  const keepWithinTotal = (): void => {
    let total = 0;
    for (const { terminal } of entries.values()) total += terminal.heldBytes;
    while (total > TOTAL_OUTPUT_RECORD_BYTES) {
      const largest = [...entries.values()].reduce((a, b) =>
        a.terminal.heldBytes >= b.terminal.heldBytes ? a : b,
      );
      const before = largest.terminal.heldBytes;
      largest.terminal.trimRecord(Math.max(MIN_OUTPUT_RECORD_BYTES, before / 2));
      if (largest.terminal.heldBytes === before) return;
      total -= before - largest.terminal.heldBytes;
    }
  };

  const start = async (terminalId: string, request: TerminalRequest): Promise<HostTerminal> => {
    const program = await resolveProgram(request, env, terminalId, version);
    if (isShutDown) throw new HoldfastError('spawn_failed', 'The daemon is stopping. Start it again.');
    let heldAtCheck = 0;
    const terminal = new Terminal(terminalId, program, request, request.title ?? '', {
      onAdvanced: (end) => {
        // The sum is made only when this terminal took another block.
        if (terminal.heldBytes !== heldAtCheck) {
          heldAtCheck = terminal.heldBytes;
          keepWithinTotal();
        }
        emit({ type: 'advanced', terminalId, end });
      },
      onChanged: (urgent) => {
        emit({ type: 'changed', terminal: terminal.info, urgent });
      },
      onDefect: (what, error) => {
        log.error({ event: 'terminal.defect', terminalId, err: error }, what);
      },
    });
    entries.set(terminalId, { request, terminal });
    log.info({ event: 'terminal.created', terminalId, command: program.command, cwd: program.cwd });
    emit({ type: 'created', terminal: terminal.info });
    return terminal.info;
  };

  const create = (request: TerminalRequest): Promise<HostTerminal> => {
    const terminalId = request.terminalId ?? randomUUID();
    const existing = entries.get(terminalId);
    const known = existing?.request ?? starting.get(terminalId)?.request;
    if (known !== undefined && !isSameRequest(known, request)) {
      throw new HoldfastError(
        'terminal_exists',
        `Another terminal has the id ${terminalId}. Choose another id, or none.`,
      );
    }
    if (existing !== undefined) return Promise.resolve(existing.terminal.info);
    const already = starting.get(terminalId);
    if (already !== undefined) return already.made;
    if (entries.size + starting.size >= MAX_TERMINALS) {
      throw new HoldfastError(
        'too_many_terminals',
        `There are ${String(MAX_TERMINALS)} terminals, and no more can be kept. Close one first.`,
      );
    }
    const made = start(terminalId, request).finally(() => starting.delete(terminalId));
    starting.set(terminalId, { request, made });
    return made;
  };

  const close = (entry: Entry): Promise<void> => {
    const { terminal } = entry;
    entry.closing ??= (async (): Promise<void> => {
      await terminal.end(isShutDown ? SHUTDOWN_KILL_AFTER_MS : KILL_AFTER_MS);
      terminal.dispose();
      entries.delete(terminal.terminalId);
      log.info({ event: 'terminal.removed', terminalId: terminal.terminalId });
      emit({ type: 'removed', terminalId: terminal.terminalId });
    })();
    return entry.closing;
  };

  return {
    epoch: randomUUID(),
    create: (request) => attempt(() => create(request)),
    list: () => Promise.resolve([...entries.values()].map(({ terminal }) => terminal.info)),
    read: (terminalId, position, maxBytes) =>
      attempt(() => entryOf(terminalId).terminal.read(position, maxBytes)),
    snapshot: (terminalId, atLeast) => attempt(() => entryOf(terminalId).terminal.snapshot(atLeast)),
    resumePoint: (terminalId, from) => attempt(() => entryOf(terminalId).terminal.resumePoint(from)),
    input: (terminalId, data) =>
      attempt(() => {
        entryOf(terminalId).terminal.input(data);
      }),
    resize: (terminalId, cols, rows) =>
      attempt(() => {
        entryOf(terminalId).terminal.resize(cols, rows);
      }),
    rename: (terminalId, title) =>
      attempt(() => {
        entryOf(terminalId).terminal.rename(title);
      }),
    kill: (terminalId, signal) => attempt(() => entryOf(terminalId).terminal.kill(signal)),
    close: (terminalId) => attempt(() => close(entryOf(terminalId))),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    shutdown: async () => {
      isShutDown = true;
      await Promise.all([...entries.values()].map(close));
    },
  };
}
