/** What each method of the protocol does. Parameters have been checked; failures are errors with codes. */
import type { Method, MethodParams, MethodResult } from '@holdfast/protocol';
import type { Directory } from '../directory.js';
import type { TerminalHost } from '../terminals/terminal-host.js';
import type { Attachments } from './attachments.js';

export type RequestContext = {
  readonly host: TerminalHost;
  readonly directory: Directory;
  readonly attachments: Attachments;
};

/** A handler answers at the moment it chooses, since `terminal.attach` must answer before its stream starts. */
type Handler<M extends Method> = (
  context: RequestContext,
  params: MethodParams<M>,
  answer: (result: MethodResult<M>) => void,
) => Promise<void>;

export const HANDLERS: { readonly [M in Method]: Handler<M> } = {
  'terminal.create': async ({ host, directory }, params, answer) => {
    const terminal = await host.create(params);
    answer({ terminal: directory.withViewers(terminal) });
  },
  'terminal.list': ({ directory }, _params, answer) => {
    answer(directory.list());
    return Promise.resolve();
  },
  'terminal.attach': ({ attachments }, params, answer) => attachments.attach(params, answer),
  'terminal.detach': ({ attachments }, params, answer) => {
    attachments.detach(params.attachment);
    answer({});
    return Promise.resolve();
  },
  'terminal.input': async ({ host }, params, answer) => {
    await host.input(params.terminalId, params.data);
    answer({});
  },
  'terminal.resize': async ({ host }, params, answer) => {
    await host.resize(params.terminalId, params.cols, params.rows);
    answer({});
  },
  'terminal.rename': async ({ host }, params, answer) => {
    await host.rename(params.terminalId, params.title);
    answer({});
  },
  'terminal.kill': async ({ host }, params, answer) => {
    await host.kill(params.terminalId, params.signal);
    answer({});
  },
  'terminal.close': async ({ host }, params, answer) => {
    await host.close(params.terminalId);
    answer({});
  },
};
