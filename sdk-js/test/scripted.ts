// A platform whose server is a script and whose time stands still until the
// test moves it.

import type {
  Clock,
  HttpRequest,
  HttpResponse,
  Platform,
  Socket,
  SocketListener,
} from '../src/platform/platform';
import { memoryStore } from '../src/platform/platform';

/** Time that moves when told to. */
export class ManualClock implements Clock {
  private time = 1_700_000_000_000;
  private timers: { at: number; work: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.time + ms, work };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Moves on and runs what becomes due, in order, with the promises that hang on it. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = next.at;
      next.work();
      await settled();
    }
    this.time = end;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.timers.length;
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** A request as the script sees it. */
export interface Seen {
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** One end of a socket, in the hands of the test. */
export class ScriptedSocket implements Socket {
  readonly frames: Record<string, unknown>[] = [];
  closedWith: { code: number; reason: string } | undefined;

  constructor(
    readonly url: string,
    readonly listener: SocketListener,
  ) {}

  send(text: string): void {
    this.frames.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(code: number, reason: string): void {
    this.closedWith = { code, reason };
  }

  /** The last frame of a kind. */
  last(
    msgType: string,
  ): Record<string, unknown> & { requestId: string; watchId: string; msgData: Record<string, unknown> } {
    const found = this.frames.filter((frame) => frame['msgType'] === msgType).pop();
    if (found === undefined)
      throw new Error(`no ${msgType} among ${this.frames.map((f) => String(f['msgType'])).join()}`);
    return found as ReturnType<ScriptedSocket['last']>;
  }
  count(msgType: string): number {
    return this.frames.filter((frame) => frame['msgType'] === msgType).length;
  }
  say(frame: object): void {
    this.listener.message(JSON.stringify(frame));
  }
}

/** Answer of the script: a value becomes JSON with status 200. */
export type Answer = object | { status: number; text: string } | Error;

/** A scripted server and what it was asked. */
export class ScriptedPlatform implements Platform {
  runtime: Platform['runtime'] = 'web';
  readonly endpoint = 'http://server';
  readonly storage = memoryStore();
  readonly clock = new ManualClock();
  readonly seen: Seen[] = [];
  readonly sockets: ScriptedSocket[] = [];
  readonly reported: unknown[] = [];
  login?: Platform['login'] & object;
  private ids = 0;

  constructor(private readonly answer: (request: Seen) => Answer | Promise<Answer>) {}

  async request({ url, headers, body = '{}' }: HttpRequest): Promise<HttpResponse> {
    const request = {
      path: url.replace(this.endpoint, ''),
      headers,
      body: JSON.parse(body) as Record<string, unknown>,
    };
    this.seen.push(request);
    const answer = await this.answer(request);
    if (answer instanceof Error) throw answer;
    if ('status' in answer && 'text' in answer) return answer;
    return { status: 200, text: JSON.stringify(answer) };
  }

  upload: Platform['upload'] = () => Promise.reject(new Error('no uploads in this script'));
  download: Platform['download'] = () => Promise.reject(new Error('no downloads in this script'));

  connect(url: string, listener: SocketListener): Socket {
    const socket = new ScriptedSocket(url, listener);
    this.sockets.push(socket);
    return socket;
  }
  randomId(): string {
    this.ids++;
    return `device-id-of-the-test-${this.ids}`.padEnd(32, '0');
  }
  report = (error: unknown): void => {
    this.reported.push(error);
  };

  /** The actions that were asked for, oldest first. */
  actions(): Record<string, unknown>[] {
    return this.seen.filter(({ path }) => /^\/(web|admin)/.test(path)).map(({ body }) => body);
  }
}

/** Credentials as /auth/v1 hands them out. */
export function credentials(name: string, expiresIn = 7200): object {
  return {
    token_type: 'Bearer',
    access_token: `access-${name}`,
    refresh_token: `refresh-${name}`,
    expires_in: expiresIn,
    sub: `user-${name}`,
  };
}

/** A script that signs everybody in and leaves the actions to the test. */
export function signedIn(act: (body: Record<string, unknown>) => Answer): ScriptedPlatform {
  return new ScriptedPlatform(({ path, body }) =>
    path.startsWith('/auth/v1') ? credentials('a') : act(body),
  );
}
