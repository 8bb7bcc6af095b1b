// The watch connection of one env: one socket for all its watches
// (tcb-wire-protocol.md 9).
//
//   idle ──attach──▶ signing ──▶ opening ──▶ loggingIn ──▶ ready
//    ▲                  ▲            │            │          │
//    │                  └──waiting◀──┴────────────┴──────────┘ lost
//    └── last watch detached, or all attempts used up (watches fail)
//
// A socket exists only in the states that have one, and what a socket of an
// earlier state still says is ignored. Replies are handed over synchronously:
// a push may follow its watch's first reply in the same packet.

import { Fault, messageOf } from '../errors';
import type { Clock, Platform, Socket } from '../platform/platform';
import {
  parseFrame,
  type Reply,
  type Act,
  type ClientFrame,
  type LoginSign,
  type ServerError,
  type ServerFrame,
  type SignData,
} from '../protocol';

const loginTimeoutMs = 5_000;
/** So long without a word from the server, then a ping. */
const silenceMs = 10_000;
/** So long for an answer to a ping; two misses end the connection. */
const pongTimeoutMs = 5_000;

/** Close codes of the client. */
const closeCodes = { reconnect: 3000, noListeners: 3001, pongTimeout: 3003 } as const;
/** By this code the server says: not for you, do not come back. */
const refusedCode = 3050;

/** Errors that a new login may cure. */
const loginErrors: readonly string[] = [
  'CHECK_LOGIN_FAILED',
  'SIGN_EXPIRED_ERROR',
  'SIGN_INVALID_ERROR',
  'SIGN_PARAM_INVALID',
];

/** Reports whether a new login may cure an error. */
export function isLoginError({ code }: ServerError): boolean {
  return loginErrors.includes(code);
}

/** Reports whether trying again may help: no answer, or a server in trouble. */
function isPassing(error: unknown): boolean {
  return !(error instanceof Fault) || [-1, -501001, -501002].includes(error.errCode);
}

/** How persistent a connection is. */
export interface ReconnectOptions {
  /** Attempts before the watches fail; the first one is made at once. */
  maxReconnect: number;
  /** Milliseconds between the others. */
  reconnectInterval: number;
}

/** A watch, as its connection sees it. */
export interface Subscriber {
  /** The connection is there: start, or resume. */
  online(): void;
  /** It was lost; online will follow, or fail. */
  offline(): void;
  /** Something for this watch that answers no request. */
  receive(frame: ServerFrame): void;
  /** There will be no connection. */
  fail(fault: Fault): void;
}

/** What became of a request. */
export type Outcome = ServerFrame | { kind: 'timeout' } | { kind: 'lost' };

/** A frame without the id that the connection gives it. */
export type Unnumbered = ClientFrame extends infer F
  ? F extends ClientFrame
    ? Omit<F, 'requestId'>
    : never
  : never;

type State =
  | { kind: 'idle' }
  | { kind: 'signing' }
  | { kind: 'opening'; socket: Socket }
  | { kind: 'loggingIn'; socket: Socket }
  | { kind: 'ready'; socket: Socket; missedPongs: number }
  | { kind: 'waiting'; cancel: () => void };

/** The connection of one env. */
export class Connection {
  private state: State = { kind: 'idle' };
  private attempt = 0;
  /** Counts abandoned attempts. */
  private generation = 0;
  private requests = 0;
  private readonly subscribers = new Map<string, Subscriber>();
  private readonly pending = new Map<string, { done: (outcome: Outcome) => void; cancel: () => void }>();
  private cancelHeartbeat: (() => void) | undefined;
  private readonly clock: Clock;

  constructor(
    private readonly platform: Platform,
    private readonly act: Act,
    readonly env: string,
    private readonly endpoint: string,
    private readonly options: ReconnectOptions,
  ) {
    this.clock = platform.clock;
  }

  /** Adds a watch; it hears online as soon as there is a connection. */
  attach(watchId: string, subscriber: Subscriber): void {
    this.subscribers.set(watchId, subscriber);
    if (this.state.kind === 'ready') subscriber.online();
    else if (this.state.kind === 'idle') this.begin();
  }

  /** Removes a watch; without any the socket is closed. */
  detach(watchId: string): void {
    this.subscribers.delete(watchId);
    if (this.subscribers.size === 0) this.drop(closeCodes.noListeners, 'no listeners left');
  }

  /** Sends a frame; done hears exactly one outcome, never before request returns. */
  request(frame: Unnumbered, timeoutMs: number, done: (outcome: Outcome) => void): void {
    const requestId = this.nextId();
    const finish = (outcome: Outcome): void => {
      this.pending.get(requestId)?.cancel();
      this.pending.delete(requestId);
      done(outcome);
    };
    const cancel = this.clock.after(timeoutMs, () => {
      finish({ kind: 'timeout' });
    });
    this.pending.set(requestId, { done: finish, cancel });
    this.transmit({ ...frame, requestId });
  }

  /** Sends a frame that nobody answers. */
  notify(frame: Unnumbered): void {
    if (this.state.kind === 'ready') this.transmit({ ...frame, requestId: this.nextId() });
  }

  /** Gives the connection up for a new one: it makes no sense any more, or needs another login. */
  restart(): void {
    if (this.state.kind === 'ready') this.lost(closeCodes.reconnect, 'reconnect');
  }

  private begin(): void {
    this.state = { kind: 'signing' };
    const mine = this.whileCurrent();
    this.act('auth.wsWebSign', { runtime: this.platform.runtime }).then(
      mine((reply: Reply) => {
        this.open(reply.data ?? {});
      }),
      mine((error: unknown) => {
        if (isPassing(error)) this.retry(messageOf(error));
        else this.failAll(new Fault(-402012, messageOf(error)));
      }),
    );
  }

  private open({ signStr = '', wsUrl = '', secretVersion = null }: SignData): void {
    const url = wsUrl === '' ? `${this.endpoint.replace(/^http/, 'ws')}/ws` : wsUrl;
    const sign: LoginSign = { runtime: this.platform.runtime, signStr, secretVersion };
    const mine = this.whileCurrent();
    const socket = this.platform.connect(url, {
      opened: mine(() => {
        this.login(sign);
      }),
      message: mine((text: string) => {
        this.receive(text);
      }),
      closed: mine((code: number, reason: string) => {
        this.closed(code, reason);
      }),
    });
    this.state = { kind: 'opening', socket };
  }

  /** Wraps what belongs to the present attempt: once it is abandoned, its late news are dropped. */
  private whileCurrent(): <A extends unknown[]>(work: (...args: A) => void) => (...args: A) => void {
    const { generation } = this;
    return (work) =>
      (...args) => {
        if (generation === this.generation) work(...args);
      };
  }

  private login(sign: LoginSign): void {
    if (this.state.kind !== 'opening') return;
    this.state = { kind: 'loggingIn', socket: this.state.socket };
    const msgData = { envId: this.env, accessToken: '', referrer: 'web', sdkVersion: '', dataVersion: '' };
    this.request({ msgType: 'LOGIN', msgData, exMsgData: sign }, loginTimeoutMs, (outcome) => {
      if (outcome.kind === 'login' && outcome.failure === undefined) this.ready();
      else if (outcome.kind !== 'lost') this.loginFailed(outcome);
    });
  }

  private loginFailed(outcome: Outcome): void {
    const error =
      outcome.kind === 'login' ? outcome.failure : outcome.kind === 'error' ? outcome.error : undefined;
    if (error === undefined || isLoginError(error)) {
      this.lost(closeCodes.reconnect, error === undefined ? 'login timed out' : error.code);
      return;
    }
    this.failAll(new Fault(-402012, `[${error.code}] ${error.message}`));
  }

  private ready(): void {
    if (this.state.kind !== 'loggingIn') return;
    this.state = { kind: 'ready', socket: this.state.socket, missedPongs: 0 };
    this.attempt = 0;
    this.listen();
    for (const subscriber of Array.from(this.subscribers.values())) subscriber.online();
  }

  private receive(text: string): void {
    if (this.state.kind === 'ready') {
      this.state.missedPongs = 0;
      this.listen();
    }
    const frame = parseFrame(text);
    if (frame === undefined || frame.kind === 'pong') return;
    const asked = this.pending.get(frame.requestId);
    if (asked !== undefined) asked.done(frame);
    else if (frame.kind !== 'login') this.subscribers.get(frame.watchId)?.receive(frame);
  }

  /** Waits for silence, then asks whether the server is still there. */
  private listen(): void {
    this.cancelHeartbeat?.();
    this.cancelHeartbeat = this.clock.after(silenceMs, () => {
      this.ping();
    });
  }

  private ping(): void {
    if (this.state.kind !== 'ready') return;
    this.notify({ msgType: 'PING', msgData: null });
    this.cancelHeartbeat = this.clock.after(pongTimeoutMs, () => {
      if (this.state.kind !== 'ready') return;
      this.state.missedPongs++;
      if (this.state.missedPongs < 2) this.ping();
      else this.lost(closeCodes.pongTimeout, 'pong timed out');
    });
  }

  private closed(code: number, reason: string): void {
    if (code === refusedCode) this.failAll(new Fault(-402009, `refused by the server: ${reason}`));
    else this.lost(code, reason);
  }

  private lost(code: number, reason: string): void {
    this.abandon(code, reason);
    for (const subscriber of Array.from(this.subscribers.values())) subscriber.offline();
    this.retry(reason);
  }

  private retry(reason: string): void {
    if (this.subscribers.size === 0) {
      this.state = { kind: 'idle' };
      return;
    }
    this.attempt++;
    if (this.attempt > this.options.maxReconnect) {
      this.failAll(new Fault(-402003, `gave up after ${this.options.maxReconnect} attempts: ${reason}`));
      return;
    }
    const wait = this.attempt === 1 ? 0 : this.options.reconnectInterval;
    const cancel = this.clock.after(wait, () => {
      this.begin();
    });
    this.state = { kind: 'waiting', cancel };
  }

  private failAll(fault: Fault): void {
    const failed = Array.from(this.subscribers.values());
    this.subscribers.clear();
    this.drop(closeCodes.reconnect, 'failed');
    for (const subscriber of failed) subscriber.fail(fault);
  }

  private drop(code: number, reason: string): void {
    this.abandon(code, reason);
    this.attempt = 0;
  }

  /** Leaves the state for idle: closes its socket, stops its timers, ends its requests. */
  private abandon(code: number, reason: string): void {
    const { state } = this;
    this.state = { kind: 'idle' };
    this.generation++;
    this.cancelHeartbeat?.();
    this.cancelHeartbeat = undefined;
    if (state.kind === 'waiting') state.cancel();
    if ('socket' in state)
      state.socket.close(code === 1006 || code === 1005 ? closeCodes.reconnect : code, reason);
    for (const { done } of Array.from(this.pending.values())) done({ kind: 'lost' });
  }

  private transmit(frame: ClientFrame): void {
    if ('socket' in this.state) this.state.socket.send(JSON.stringify(frame));
  }

  private nextId(): string {
    this.requests++;
    return `${this.requests}_${this.clock.now().toString(36)}`;
  }
}
