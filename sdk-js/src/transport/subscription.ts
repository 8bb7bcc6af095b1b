// One watch: what it is waiting for, where it stands in the stream of events,
// and what it does when they do not join up (tcb-wire-protocol.md 9.4, 9.5).
//
//   offline ──online──▶ initializing ──INIT_EVENT──▶ active ──gap──▶ rebuilding
//      ▲                     │                         │   ◀──────────  │
//      └─────────────────────┴──────── lost ───────────┴────────────────┘
//
// A watch that had a position resumes from it; the server answers with what
// was missed or with the whole result. Any state may end in closed.

import { ResultList } from '../database/result-list';
import type { Snapshot, WatchHandlers, WatchTarget, Watcher } from '../database/watch';
import { Fault, messageOf, toCloudError } from '../errors';
import type { Report } from '../calls';
import type { Clock } from '../platform/platform';
import type { ServerError, ServerFrame, WireEvent } from '../protocol';
import { isLoginError, type Connection, type Outcome, type Subscriber } from './connection';

const answerTimeoutMs = 10_000;
/** So long after the last event the server is asked for its number. */
const checkAfterMs = 10_000;
const maxTries = 3;

/** Where a watch stands in the stream. */
interface Position {
  queryID: string;
  event: number;
}

type State =
  | { kind: 'offline'; resume: Position | undefined }
  | { kind: 'initializing' }
  | { kind: 'rebuilding'; position: Position }
  | { kind: 'active'; position: Position; cancelCheck: () => void }
  | { kind: 'closed' };

type EventsFrame = Extract<ServerFrame, { kind: 'events' }>;

/** What a subscription needs beside its connection. */
export interface SubscriptionContext {
  clock: Clock;
  report: Report;
  watchId: string;
}

/** A running watch. */
export class Subscription implements Watcher, Subscriber {
  private state: State = { kind: 'offline', resume: undefined };
  private tries = 0;
  private readonly results: ResultList;

  constructor(
    private readonly connection: Connection,
    private readonly target: WatchTarget,
    private readonly handlers: WatchHandlers,
    private readonly context: SubscriptionContext,
  ) {
    this.results = new ResultList(target.order);
    connection.attach(context.watchId, this);
  }

  close(): Promise<void> {
    if (this.state.kind !== 'closed') {
      const told = this.state.kind !== 'offline';
      this.end();
      const { watchId } = this.context;
      if (told) this.connection.notify({ watchId, msgType: 'CLOSE_WATCH', msgData: null });
      this.connection.detach(watchId);
    }
    return Promise.resolve();
  }

  online(): void {
    if (this.state.kind !== 'offline') return;
    const { resume } = this.state;
    if (resume === undefined) this.initialize();
    else this.rebuild(resume);
  }

  offline(): void {
    if (this.state.kind === 'closed') return;
    this.cancelCheck();
    this.state = { kind: 'offline', resume: this.position() };
  }

  fail(fault: Fault): void {
    if (this.state.kind === 'closed') return;
    this.end();
    this.connection.detach(this.context.watchId);
    this.tell(() => {
      this.handlers.onError(toCloudError('collection.watch', fault));
    });
  }

  receive(frame: ServerFrame): void {
    if (frame.kind === 'error') this.serverError(frame.error);
    else if (frame.kind === 'events' && this.state.kind === 'active')
      this.advance(this.state.position, frame);
  }

  private initialize(): void {
    this.state = { kind: 'initializing' };
    const { state } = this;
    const { collection, where, limit, order } = this.target;
    const orderBy = Object.fromEntries(order.map(({ field, direction }) => [field, direction]));
    const msgData = {
      envId: this.connection.env,
      collName: collection,
      query: JSON.stringify(where),
      ...(limit === undefined ? {} : { limit }),
      ...(order.length === 0 ? {} : { orderBy }),
    };
    this.connection.request(
      { watchId: this.context.watchId, msgType: 'INIT_WATCH', msgData },
      answerTimeoutMs,
      (outcome) => {
        if (this.state === state) this.initialized(outcome);
      },
    );
  }

  private initialized(outcome: Outcome): void {
    if (outcome.kind === 'events') {
      this.tries = 0;
      this.activate({ queryID: outcome.queryID, event: outcome.current });
      this.deliver(() => this.results.reset(outcome.current, outcome.events));
      return;
    }
    this.troubled(outcome, -402002, () => {
      this.initialize();
    });
  }

  private rebuild(position: Position): void {
    this.cancelCheck();
    this.state = { kind: 'rebuilding', position };
    const { state } = this;
    const msgData = {
      envId: this.connection.env,
      collName: this.target.collection,
      queryID: position.queryID,
      eventID: position.event,
    };
    this.connection.request(
      { watchId: this.context.watchId, msgType: 'REBUILD_WATCH', msgData },
      answerTimeoutMs,
      (outcome) => {
        if (this.state === state) this.rebuilt(position, outcome);
      },
    );
  }

  private rebuilt(position: Position, outcome: Outcome): void {
    if (outcome.kind === 'events') {
      this.tries++;
      if (this.tries > maxTries)
        this.initialize(); // it will not join up: start over
      else this.advance(position, outcome);
      return;
    }
    if (outcome.kind === 'error' && outcome.error.code === 'QUERYID_INVALID_ERROR') {
      this.initialize(); // too old to resume
      return;
    }
    this.troubled(outcome, -402004, () => {
      this.rebuild(position);
    });
  }

  /** A start or resumption that brought no events: again, after a new login, or never. */
  private troubled(outcome: Outcome, errCode: number, again: () => void): void {
    if (outcome.kind === 'lost') return; // offline was told, or follows
    this.tries++;
    const error = outcome.kind === 'error' ? outcome.error : undefined;
    if (this.tries >= maxTries || (error !== undefined && !isLoginError(error))) {
      const text = error === undefined ? 'the server did not answer' : `[${error.code}] ${error.message}`;
      this.fail(new Fault(errCode, text));
    } else if (error === undefined) again();
    else this.connection.restart();
  }

  private serverError(error: ServerError): void {
    if (isLoginError(error)) {
      this.connection.restart();
      return;
    }
    this.fail(
      new Fault(this.state.kind === 'initializing' ? -402002 : -402006, `[${error.code}] ${error.message}`),
    );
  }

  /** Applies events that join the position; a gap leads to a rebuild. */
  private advance(from: Position, { events, queryID, current }: EventsFrame): void {
    let position = { queryID: queryID === '' ? from.queryID : queryID, event: from.event };
    const groups = groupById(events).filter(([id]) => id > position.event);
    for (const [id, group] of groups) {
      if (id !== position.event + 1) break;
      position = { ...position, event: id };
      this.activate(position);
      if (!this.deliver(() => this.results.apply(id, group))) return;
      // The application may have closed the watch, or the connection may be gone.
      if (this.position()?.event !== id) return;
    }
    if (position.event < current) this.rebuild(position);
    else {
      this.tries = 0;
      this.activate(position);
    }
  }

  private activate(position: Position): void {
    this.cancelCheck();
    const cancelCheck = this.context.clock.after(checkAfterMs, () => {
      this.check(position);
    });
    this.state = { kind: 'active', position, cancelCheck };
  }

  /** Confirms the position to the server and learns its own. */
  private check(position: Position): void {
    const { clock, watchId } = this.context;
    const sent = clock.now();
    const msgData = { queryID: position.queryID, eventID: position.event };
    this.connection.request({ watchId, msgType: 'CHECK_LAST', msgData }, answerTimeoutMs, (outcome) => {
      if (this.state.kind !== 'active' || this.state.position !== position) return; // events came: they are the answer
      if (outcome.kind === 'timeout') this.connection.restart();
      if (outcome.kind === 'error') this.serverError(outcome.error);
      if (outcome.kind !== 'check' || outcome.current <= position.event) return;
      // The missing events may be under way: give them one and a half round trips.
      this.state.cancelCheck = clock.after(1.5 * (clock.now() - sent), () => {
        this.rebuild(position);
      });
    });
  }

  /** Hands a snapshot to the application; false when the events made no sense and the watch has failed. */
  private deliver(make: () => Snapshot): boolean {
    let snapshot: Snapshot;
    try {
      snapshot = make();
    } catch (error) {
      this.fail(error instanceof Fault ? error : new Fault(-402011, messageOf(error)));
      return false;
    }
    this.tell(() => {
      this.handlers.onChange(snapshot);
    });
    return true;
  }

  private tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.context.report(error);
    }
  }

  private position(): Position | undefined {
    switch (this.state.kind) {
      case 'active':
      case 'rebuilding':
        return this.state.position;
      case 'offline':
        return this.state.resume;
      case 'initializing':
      case 'closed':
        return undefined;
    }
  }

  private cancelCheck(): void {
    if (this.state.kind === 'active') this.state.cancelCheck();
  }

  private end(): void {
    this.cancelCheck();
    this.state = { kind: 'closed' };
  }
}

/** Events by their number, in ascending order. */
function groupById(events: readonly WireEvent[]): [number, WireEvent[]][] {
  const groups = new Map<number, WireEvent[]>();
  for (const event of events) {
    const group = groups.get(event.id);
    if (group === undefined) groups.set(event.id, [event]);
    else group.push(event);
  }
  return Array.from(groups).sort(([a], [b]) => a - b);
}
