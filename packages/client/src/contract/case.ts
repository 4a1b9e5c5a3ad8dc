/** One case of the contract, and what a case is given: connections to the peer, questions to it, and assertions. */
import type { DaemonTransportFactory } from '../transport.js';
import { observation, type Observation, type ObserveQuestion } from './observation.js';
import { limitOf, type Platform, type PlatformLimit } from './platform-limits.js';
import { RecordedConnection } from './recorded-connection.js';

export type ContractCase = {
  /** A promise as a sentence. */
  readonly name: string;
  /** Number of the promise in the contract. */
  readonly promise: 1 | 2 | 3 | 4 | 5 | 6 | 7;
  /** Longer than the default of 30 s, in ms. */
  readonly timeoutMs?: number;
  readonly run: (context: CaseContext) => Promise<void>;
};

/** A promise that did not hold, in words. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** @throws BrokenPromise with the sentence and what was there instead. */
export function expectThat(holds: boolean, sentence: string, found: unknown): asserts holds {
  if (!holds) throw new BrokenPromise(`${sentence}; found ${JSON.stringify(found)}`);
}

/** Questions to the peer about one name, one after another. */
export type Observer = {
  readonly ask: (question: ObserveQuestion) => Promise<Observation>;
  readonly close: () => void;
};

let nextName = 1;

export class CaseContext {
  readonly platform: Platform;
  readonly serverUrl: string;
  readonly livenessDeadlineMs: number;
  readonly connections: RecordedConnection[] = [];
  /** The limits that this case has met and asserted. */
  readonly limits = new Map<PlatformLimit, string>();
  readonly #factory: DaemonTransportFactory;

  constructor(
    factory: DaemonTransportFactory,
    serverUrl: string,
    platform: Platform,
    livenessDeadlineMs: number,
  ) {
    this.#factory = factory;
    this.serverUrl = serverUrl.replace(/\/$/, '');
    this.platform = platform;
    this.livenessDeadlineMs = livenessDeadlineMs;
  }

  get factory(): DaemonTransportFactory {
    return this.#factory;
  }

  /** A name that no other connection to this peer has, so that it can be observed. */
  newName(): string {
    const name = `${this.platform}-${Date.now().toString(36)}-${String(nextName)}`;
    nextName += 1;
    return name;
  }

  /** Connects to a mode of the peer: `/<mode>/<name>/<arguments>`. */
  connect(
    mode: string,
    name = this.newName(),
    argument?: string | number,
    headers?: Record<string, string>,
  ): RecordedConnection {
    const tail = argument === undefined ? '' : `/${String(argument)}`;
    return this.connectTo(`${this.serverUrl}/${mode}/${name}${tail}`, headers);
  }

  connectTo(url: string, headers?: Record<string, string>): RecordedConnection {
    const connection = new RecordedConnection(this.#factory, url, headers);
    this.connections.push(connection);
    return connection;
  }

  /** Asks the peer, over the same transport, what it saw of a connection. */
  async observe(name: string, question: ObserveQuestion): Promise<Observation> {
    const observer = await this.observer(name);
    const answer = await observer.ask(question);
    observer.close();
    return answer;
  }

  /**
   * A connection for questions, opened before the one that is observed where that one will stay in its handshake: a client
   * makes only one handshake at a time with one address (RFC 6455 section 4.1).
   */
  async observer(name: string): Promise<Observer> {
    const connection = this.connect('observe', name);
    await connection.open();
    let asked = 0;
    return {
      ask: async (question) => {
        const index = asked;
        asked += 1;
        connection.transport.send(question);
        await connection.receivedCount(asked);
        const answer = connection.messages[index];
        return observation.parse(JSON.parse(typeof answer === 'string' ? answer : 'null'));
      },
      close: () => {
        connection.transport.close(1000);
      },
    };
  }

  /** True where this platform cannot keep the promise: the case then asserts what the platform does instead. */
  has(limit: PlatformLimit): boolean {
    const reason = limitOf(this.platform, limit);
    if (reason !== undefined) this.limits.set(limit, reason);
    return reason !== undefined;
  }

  /** One round trip on a connection of its own: whatever was on its way before has come. */
  async barrier(): Promise<void> {
    const connection = this.connect('echo');
    await connection.open();
    connection.transport.send('barrier');
    await connection.receivedCount(1);
    connection.transport.close(1000);
    await connection.closed();
  }

  /** Ends what a case left open. */
  release(): void {
    for (const { transport, closeEvent } of this.connections) {
      if (closeEvent === undefined) transport.close(1000);
    }
  }

  violations(): string[] {
    return this.connections.flatMap(({ violations }) => violations);
  }
}
