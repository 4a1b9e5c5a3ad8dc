/**
 * The sessions of one window: made when a terminal is first shown, kept so that going back to it is instant, and
 * bounded in number. The one shown last is never given up.
 */
import { MAX_KEPT_SCREENS } from '../limits.js';
import { useSettings } from '../state/settings.js';
import { onThemeChange } from '../state/theme.js';
import type { DaemonClientV2 } from '@holdfast/client';
import { TerminalSession, type SessionPort } from './terminal-session.js';

export class TerminalSessions {
  readonly #port: SessionPort;
  #client: DaemonClientV2 | null = null;
  /** Shown longest ago first. */
  readonly #sessions = new Map<string, TerminalSession>();
  readonly #stops: (() => void)[];
  #shownId: string | null = null;

  constructor(port: Omit<SessionPort, 'client'>) {
    this.#port = { ...port, client: () => this.#client };
    const applyAll = (): void => {
      const settings = useSettings.getState();
      for (const session of this.#sessions.values()) session.apply(settings);
    };
    this.#stops = [onThemeChange(applyAll), useSettings.subscribe(applyAll)];
  }

  /** The client whose terminals these are. With another one the screens stay, and go on where they can. */
  connect(client: DaemonClientV2 | null): void {
    if (client === this.#client) return;
    this.shown?.hide();
    this.#client = client;
    this.shown?.show();
  }

  get(terminalId: string): TerminalSession | undefined {
    return this.#sessions.get(terminalId);
  }

  /** The session that is shown now. */
  get shown(): TerminalSession | undefined {
    return this.#shownId === null ? undefined : this.#sessions.get(this.#shownId);
  }

  /** Shows this one and no other. Null shows none. */
  show(terminalId: string | null): TerminalSession | null {
    if (this.#shownId !== null && this.#shownId !== terminalId) this.#sessions.get(this.#shownId)?.hide();
    this.#shownId = terminalId;
    if (terminalId === null) return null;
    const kept = this.#sessions.get(terminalId);
    const session = kept ?? new TerminalSession(terminalId, useSettings.getState(), this.#port);
    this.#sessions.delete(terminalId);
    this.#sessions.set(terminalId, session);
    session.show();
    this.#giveUpOldest();
    return session;
  }

  /** Gives up the screens of terminals that are no longer there, except the one that is shown. */
  keepOnly(terminalIds: ReadonlySet<string>): void {
    for (const [id, session] of this.#sessions) {
      if (!terminalIds.has(id) && id !== this.#shownId) this.#remove(id, session);
    }
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    for (const [id, session] of this.#sessions) this.#remove(id, session);
  }

  #giveUpOldest(): void {
    for (const [id, session] of this.#sessions) {
      if (this.#sessions.size <= MAX_KEPT_SCREENS) return;
      if (id !== this.#shownId) this.#remove(id, session);
    }
  }

  #remove(id: string, session: TerminalSession): void {
    this.#sessions.delete(id);
    session.dispose();
  }
}
