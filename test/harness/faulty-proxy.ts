import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** What the proxy does with what passes. `silent`: it accepts, and nothing arrives on either side. */
type Mode = 'pass' | 'silent';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  isSilent: boolean;
}

/** A TCP proxy before a database that fails as networks do. */
export class FaultyProxy {
  private readonly pairs = new Set<Pair>();
  private readonly listener: Server;
  /** What is still on its way to a socket. */
  private readonly late = new Map<Socket, Promise<void>>();
  #mode: Mode = 'pass';
  #delay = 0;
  /** The answer to what contains this is lost. */
  #lostAnswer: string | undefined;
  #onLost: (() => void) | undefined;

  private constructor(private readonly target: { readonly host: string; readonly port: number }) {
    this.listener = createServer((client) => this.join(client));
  }

  static async before(target: { readonly host: string; readonly port: number }): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    proxy.listener.listen(0, '127.0.0.1');
    await once(proxy.listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** Everything is `ms` late from here on, in both directions. */
  delayBy(ms: number): void {
    this.#delay = ms;
  }

  /** Half-open: connections are accepted and stay, and nothing passes. What is sent meanwhile is lost. */
  fallSilent(): void {
    this.#mode = 'silent';
  }

  /** The same for the connections that there are; new ones pass. So a machine in between loses what it knew, when it starts anew. */
  silenceOpen(): void {
    for (const pair of this.pairs) pair.isSilent = true;
  }

  /** Every connection is reset. */
  reset(): void {
    for (const { client, server } of this.pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.pairs.clear();
  }

  /**
   * The next thing that is sent and contains `text`, or its bytes in hexadecimal digits, arrives; what the server answers is swallowed, and its connection is reset.
   * Resolves when that has happened.
   */
  loseAnswerTo(text: string): Promise<void> {
    this.#lostAnswer = text;
    return new Promise((resolve) => (this.#onLost = resolve));
  }

  /** All is well again. A connection that has lost something in silence is reset: its two ends would never agree again. */
  mend(): void {
    if (this.#mode === 'silent') this.reset();
    this.#mode = 'pass';
    this.#delay = 0;
    this.#lostAnswer = undefined;
  }

  async close(): Promise<void> {
    this.reset();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    const pair: Pair = { client, server, isSilent: false };
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    let answerIsLost = false;
    client.on('data', (data) => {
      if (pair.isSilent) return;
      if (this.#lostAnswer !== undefined && says(data, this.#lostAnswer)) {
        answerIsLost = true;
        this.#lostAnswer = undefined;
      }
      this.pass(server, data);
    });
    server.on('data', (data) => {
      if (pair.isSilent) return;
      if (!answerIsLost) return this.pass(client, data);
      client.resetAndDestroy();
      end();
      this.#onLost?.();
    });
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
  }

  private pass(to: Socket, data: Buffer): void {
    if (this.#mode === 'silent') return;
    const write = (): void => {
      if (!to.destroyed) to.write(data);
    };
    const before = this.late.get(to);
    if (this.#delay === 0 && before === undefined) return write();
    // One behind the other: nothing may overtake what is late.
    const written = Promise.all([before, setTimeout(this.#delay)]).then(write);
    this.late.set(to, written);
    void written.then(() => {
      if (this.late.get(to) === written) this.late.delete(to);
    });
  }
}

/** Some drivers send values as hexadecimal digits within the statement. */
function says(data: Buffer, text: string): boolean {
  return data.includes(text) || data.includes(Buffer.from(text).toString('hex'));
}
