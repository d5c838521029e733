import { SampleProcess, freshDatabase } from './sample-process.js';

/** A message of a stream of Server-Sent Events. */
export interface ServerSentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** The order sample, running in a process of its own, spoken to over HTTP. */
export class OrderApp {
  private constructor(
    private readonly process: SampleProcess,
    readonly address: string,
    readonly database: string,
  ) {}

  /** On a free port and a fresh database, or on those of one that has ended. */
  static async start({ database = freshDatabase(), port = '0' } = {}): Promise<OrderApp> {
    const process = SampleProcess.start('01-order-fulfilment', { PORT: port, SAGA_DB: database });
    return new OrderApp(process, await process.printed(/http:\/\/localhost:\d+/), database);
  }

  get port(): string {
    return new URL(this.address).port;
  }

  stop(signal?: NodeJS.Signals): Promise<number | null> {
    return this.process.stop(signal);
  }

  async get(path: string): Promise<Answer> {
    return answerOf(await fetch(this.address + path));
  }

  async post(path: string, body: unknown = {}): Promise<Answer> {
    return answerOf(
      await fetch(this.address + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  }

  /** Opens a saga's stream; `lastEventId` as a client that comes back sends it. */
  stream(id: string, lastEventId?: string): Promise<Response> {
    const headers = new Headers(lastEventId === undefined ? [] : [['Last-Event-ID', lastEventId]]);
    return fetch(`${this.address}/sagas/${id}/events`, { headers });
  }

  /** Reads a saga's stream to its end, or until a message of type `until` has come, and then leaves. */
  async events(id: string, { after, until }: { after?: string; until?: string } = {}): Promise<ServerSentEvent[]> {
    const { body } = await this.stream(id, after);
    const events: ServerSentEvent[] = [];
    for await (const event of eventsOf(body!)) {
      events.push(event);
      if (event.type === until) break;
    }
    return events;
  }
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop()!;
    yield* blocks.flatMap(eventOf);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function eventOf(block: string): ServerSentEvent[] {
  const fields = Object.fromEntries(block.trim().split('\n').map(fieldOf)) as Record<string, string>;
  const { id, event, data } = fields;
  if (data === undefined) return [];
  return [{ id: id!, type: event!, data: JSON.parse(data) as Record<string, unknown> }];
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(': ');
  return [line.slice(0, colon), line.slice(colon + 2)];
}
