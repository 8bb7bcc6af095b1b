// A browser page or worker: fetch, XMLHttpRequest (which alone tells the
// progress of an upload), WebSocket, localStorage.

import {
  memoryStore,
  reportToConsole,
  systemClock,
  type HttpRequest,
  type HttpResponse,
  type KeyValueStore,
  type Platform,
  type TransferControl,
  type UploadRequest,
} from './platform';

/** The platform of a page. The endpoint is that of the script, when it came from a server. */
export function browserPlatform(scriptURL: string | undefined): Platform {
  return {
    runtime: 'web',
    endpoint: originOf(scriptURL),
    storage: pageStorage(),
    clock: systemClock,
    request,
    upload,
    async download({ url }, control) {
      const abort = new AbortController();
      control.onAbort(() => {
        abort.abort(new Error('abort'));
      });
      const response = await fetch(url, { signal: abort.signal });
      control.headers(Object.fromEntries(response.headers.entries()));
      if (!response.ok) return { status: response.status, tempFilePath: '' };
      const content = await response.blob();
      control.progress(content.size, content.size);
      return { status: response.status, tempFilePath: URL.createObjectURL(content) };
    },
    connect(url, listener) {
      const socket = new WebSocket(url);
      socket.onopen = () => {
        listener.opened();
      };
      socket.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (typeof data === 'string') listener.message(data);
      };
      // An error is always followed by close.
      socket.onclose = ({ code, reason }) => {
        listener.closed(code, reason);
      };
      return {
        send: (text) => {
          socket.send(text);
        },
        close: (code, reason) => {
          socket.close(code, reason);
        },
      };
    },
    randomId,
    report: reportToConsole,
  };
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:/.test(url) ? new URL(url).origin : undefined;
}

async function request({ method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpResponse> {
  const abort = new AbortController();
  const cancel = systemClock.after(timeoutMs, () => {
    abort.abort(new Error(`timeout after ${timeoutMs} ms`));
  });
  try {
    const init = { method, headers, signal: abort.signal, ...(body === undefined ? {} : { body }) };
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } finally {
    cancel();
  }
}

function upload({ url, source, headers }: UploadRequest, control: TransferControl): Promise<HttpResponse> {
  if (!(source instanceof Blob) && !(source instanceof ArrayBuffer) && !ArrayBuffer.isView(source)) {
    return Promise.reject(new Error('filePath must be a File, a Blob or an ArrayBuffer'));
  }
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded, total }) => {
      control.progress(loaded, total);
    };
    xhr.onload = () => {
      resolve({ status: xhr.status, text: xhr.responseText });
    };
    xhr.onerror = () => {
      reject(new Error('the upload was cut off'));
    };
    xhr.onabort = () => {
      reject(new Error('abort'));
    };
    control.onAbort(() => {
      xhr.abort();
    });
    xhr.send(source as XMLHttpRequestBodyInit);
  });
}

/** localStorage, or memory where the page may not use it. */
function pageStorage(): KeyValueStore {
  let storage: Storage;
  try {
    storage = localStorage;
    storage.getItem('');
  } catch {
    return memoryStore();
  }
  return {
    get: (key) => storage.getItem(key) ?? undefined,
    set(key, value) {
      try {
        storage.setItem(key, value);
      } catch {
        storage.removeItem(key); // over its limit: an old value would be worse than none
      }
    },
    remove: (key) => {
      storage.removeItem(key);
    },
  };
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
