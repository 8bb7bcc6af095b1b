// What the SDK needs of its surroundings. Everything that differs between
// mini programs, browsers and Node is behind this interface, and tests put
// their own behind it.

/** A request with a text body. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

/** Any answer of the server, whatever its status. */
export interface HttpResponse {
  status: number;
  text: string;
}

/** How a transfer reports, and how it is told to stop. */
export interface TransferControl {
  progress(doneBytes: number, totalBytes: number): void;
  headers(header: Record<string, string>): void;
  /** Takes what stops the transfer; it must then fail with the text `abort`. */
  onAbort(stop: () => void): void;
}

/** A file on its way to a signed address. */
export interface UploadRequest {
  url: string;
  /** Path, File or bytes: what the platform's applications name a file by. */
  source: unknown;
  /** Form fields, for platforms that can only post forms. */
  form: Record<string, string>;
  /** Extra headers of the application. */
  headers: Record<string, string>;
}

/** A file on its way from a signed address. */
export interface DownloadRequest {
  url: string;
  /** Last part of the file's path, for a readable temporary name. */
  name: string;
}

/** Result of a download. */
export interface Downloaded {
  status: number;
  /** Path or object URL of the local copy. */
  tempFilePath: string;
}

/** What a socket tells, never before connect has returned. After closed nothing follows; it comes exactly once. */
export interface SocketListener {
  opened(): void;
  message(text: string): void;
  closed(code: number, reason: string): void;
}

/** A text socket. */
export interface Socket {
  send(text: string): void;
  /** Ends the connection; the listener hears closed. */
  close(code: number, reason: string): void;
}

/** Small texts that outlive the process or page, where that is possible. */
export interface KeyValueStore {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** Time, so that tests own it. */
export interface Clock {
  now(): number;
  /** Runs work later; the result cancels it. */
  after(ms: number, work: () => void): () => void;
}

/** One-time code of a login, and the app it belongs to. */
export interface LoginCode {
  code: string;
  appId: string;
}

/** A mini program, a browser or Node. Failures are rejected promises; their text is shown to users. */
export interface Platform {
  /** As the watch protocol names it. */
  readonly runtime: 'wx-mp' | 'web' | 'node-adapter';
  /** Server to use when init names none. */
  readonly endpoint: string | undefined;
  readonly storage: KeyValueStore;
  readonly clock: Clock;
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Resolves with the status, whatever it is, and the start of the answer. */
  upload(request: UploadRequest, control: TransferControl): Promise<HttpResponse>;
  download(request: DownloadRequest, control: TransferControl): Promise<Downloaded>;
  connect(url: string, listener: SocketListener): Socket;
  /** Where users are known by a code, as by wx.login; absent elsewhere. */
  login?(): Promise<LoginCode>;
  /** A random text of 32 characters. */
  randomId(): string;
  /** Shows an error that nobody handles. */
  report: (error: unknown) => void;
}

/** The clock of every real platform. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** A store for the time being: used where there is no other. */
export function memoryStore(): KeyValueStore {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
  };
}

/** Shows an error on the console, the one place where the SDK writes to it. */
export function reportToConsole(error: unknown): void {
  // eslint-disable-next-line no-console -- an error of user code must not vanish
  console.error(error);
}
