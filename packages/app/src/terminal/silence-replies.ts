/**
 * Keeps a view's emulator from answering the program. Every terminal has one emulator in the daemon that answers
 * queries; if the views answered too, the program would read each answer once a view, and a snapshot drawn again
 * would type old answers into the shell. With this, what the emulator emits is only what the person typed.
 */
import type { IDisposable, IFunctionIdentifier, Terminal } from '@xterm/xterm';

/** CSI sequences that ask and do nothing else (ECMA-48, DEC STD 070, XTerm Control Sequences). */
const QUERIES: readonly IFunctionIdentifier[] = [
  { final: 'c' }, // DA1
  { prefix: '>', final: 'c' }, // DA2
  { prefix: '=', final: 'c' }, // DA3
  { final: 'n' }, // DSR, CPR
  { prefix: '?', final: 'n' }, // DSR, DEC
  { intermediates: '$', final: 'p' }, // DECRQM, ANSI modes
  { prefix: '?', intermediates: '$', final: 'p' }, // DECRQM, DEC modes
  { prefix: '>', final: 'q' }, // XTVERSION
  { prefix: '?', final: 'u' }, // keyboard protocol flags
  { final: 'x' }, // DECREQTPARM
];

/** Reports among the window operations (CSI Ps t); the others move or name windows and are let through. */
const WINDOW_REPORTS: ReadonlySet<number> = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);

/** Operating system commands that set a colour, or ask for it where the colour is `?`. */
const COLOUR_COMMANDS = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19] as const;

/** Registers the handlers. Disposing them lets the emulator answer again. */
export function silenceReplies(terminal: Terminal): IDisposable {
  const { parser } = terminal;
  const registered: IDisposable[] = [
    ...QUERIES.map((id) => parser.registerCsiHandler(id, () => true)),
    parser.registerCsiHandler({ final: 't' }, (params) => {
      const operation = params[0];
      return typeof operation === 'number' && WINDOW_REPORTS.has(operation);
    }),
    parser.registerDcsHandler({ intermediates: '$', final: 'q' }, () => true), // DECRQSS
    parser.registerDcsHandler({ intermediates: '+', final: 'q' }, () => true), // XTGETTCAP
    ...COLOUR_COMMANDS.map((command) =>
      parser.registerOscHandler(command, (data) => data.split(';').includes('?')),
    ),
  ];
  return {
    dispose: () => {
      for (const handler of registered) handler.dispose();
    },
  };
}

/**
 * Whether this is a focus report (CSI I, CSI O). The emulator also sends one when a program, or a snapshot, turns
 * the mode on; so the view drops them all and sends its own when the person's focus really moves.
 */
export function isFocusReport(data: string): boolean {
  return data === '\x1b[I' || data === '\x1b[O';
}
