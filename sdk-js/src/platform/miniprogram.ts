// A WeChat mini program: wx.request and its kin. Only documented members of
// `wx` are used, so a simulated one can stand in.

import {
  memoryStore,
  reportToConsole,
  systemClock,
  type HttpResponse,
  type KeyValueStore,
  type Platform,
  type Socket,
  type TransferControl,
} from './platform';

interface Outcome<R> {
  success(result: R): void;
  fail(error: { errMsg?: string }): void;
}

interface WxTask {
  abort(): void;
  onHeadersReceived?(listener: (result: { header: Record<string, string> }) => void): void;
}

interface WxUploadTask extends WxTask {
  onProgressUpdate?(
    listener: (result: { totalBytesSent: number; totalBytesExpectedToSend: number }) => void,
  ): void;
}

interface WxDownloadTask extends WxTask {
  onProgressUpdate?(
    listener: (result: { totalBytesWritten: number; totalBytesExpectedToWrite: number }) => void,
  ): void;
}

interface WxSocketTask {
  send(options: { data: string }): void;
  close(options: { code: number; reason: string }): void;
  onOpen(listener: () => void): void;
  onMessage(listener: (result: { data: string | ArrayBuffer }) => void): void;
  onClose(listener: (result: { code?: number; reason?: string }) => void): void;
  onError(listener: (result: { errMsg?: string }) => void): void;
}

/** The part of `wx` that the SDK uses. */
export interface WxHost {
  request(
    options: {
      url: string;
      method: 'GET' | 'POST';
      header: Record<string, string>;
      data?: string;
      dataType: string;
      responseType: 'text';
      timeout: number;
    } & Outcome<{ statusCode: number; data: unknown }>,
  ): unknown;
  uploadFile(
    options: {
      url: string;
      filePath: string;
      name: string;
      formData: Record<string, string>;
      header: Record<string, string>;
    } & Outcome<{ statusCode: number; data: string }>,
  ): WxUploadTask;
  downloadFile(
    options: { url: string } & Outcome<{ statusCode: number; tempFilePath: string }>,
  ): WxDownloadTask;
  connectSocket(options: { url: string } & Partial<Outcome<unknown>>): WxSocketTask;
  login(options: Outcome<{ code: string }>): void;
  getAccountInfoSync?(): { miniProgram: { appId: string } };
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: string): void;
  removeStorageSync(key: string): void;
}

/** The platform of a mini program. */
export function miniProgramPlatform(wx: WxHost): Platform {
  return {
    runtime: 'wx-mp',
    endpoint: undefined,
    storage: wxStorage(wx),
    clock: systemClock,
    request: ({ method, url, headers, body, timeoutMs }) =>
      new Promise<HttpResponse>((resolve, reject) => {
        wx.request({
          url,
          method,
          header: headers,
          ...(body === undefined ? {} : { data: body }),
          dataType: 'text', // anything but json: the text is parsed here
          responseType: 'text',
          timeout: timeoutMs,
          success: ({ statusCode, data }) => {
            resolve({ status: statusCode, text: typeof data === 'string' ? data : JSON.stringify(data) });
          },
          fail: reject,
        });
      }),
    upload: (request, control) => upload(wx, request.url, request.source, request, control),
    download: ({ url }, control) =>
      new Promise((resolve, reject) => {
        const task = wx.downloadFile({
          url,
          success: ({ statusCode, tempFilePath }) => {
            resolve({ status: statusCode, tempFilePath });
          },
          fail: reject,
        });
        follow(task, control);
        task.onProgressUpdate?.(({ totalBytesWritten, totalBytesExpectedToWrite }) => {
          control.progress(totalBytesWritten, totalBytesExpectedToWrite);
        });
      }),
    connect: (url, listener) => {
      let over = false;
      const closed = (code: number, reason: string): void => {
        if (over) return;
        over = true;
        listener.closed(code, reason);
      };
      const fail = (error: { errMsg?: string }): void => {
        // A refused address may fail at once, before connectSocket returns.
        systemClock.after(0, () => {
          closed(1006, error.errMsg ?? 'connectSocket:fail');
        });
      };
      const task = wx.connectSocket({ url, fail });
      task.onOpen(() => {
        listener.opened();
      });
      task.onMessage(({ data }) => {
        if (!over && typeof data === 'string') listener.message(data);
      });
      task.onClose(({ code, reason }) => {
        closed(code ?? 1006, reason ?? '');
      });
      task.onError(fail);
      return socketOf(task);
    },
    login: () =>
      new Promise((resolve, reject) => {
        wx.login({
          success: ({ code }) => {
            resolve({ code, appId: wx.getAccountInfoSync?.().miniProgram.appId ?? '' });
          },
          fail: reject,
        });
      }),
    randomId,
    report: reportToConsole,
  };
}

function socketOf(task: WxSocketTask): Socket {
  return {
    send: (data) => {
      task.send({ data });
    },
    close: (code, reason) => {
      task.close({ code, reason });
    },
  };
}

function upload(
  wx: WxHost,
  url: string,
  source: unknown,
  { form, headers }: { form: Record<string, string>; headers: Record<string, string> },
  control: TransferControl,
): Promise<HttpResponse> {
  if (typeof source !== 'string') {
    return Promise.reject(new Error('filePath must be the path of a local file'));
  }
  return new Promise((resolve, reject) => {
    const task = wx.uploadFile({
      url,
      filePath: source,
      name: 'file',
      formData: form,
      header: headers,
      success: ({ statusCode, data }) => {
        resolve({ status: statusCode, text: data });
      },
      fail: reject,
    });
    follow(task, control);
    task.onProgressUpdate?.(({ totalBytesSent, totalBytesExpectedToSend }) => {
      control.progress(totalBytesSent, totalBytesExpectedToSend);
    });
  });
}

function follow(task: WxTask, control: TransferControl): void {
  control.onAbort(() => {
    task.abort();
  });
  task.onHeadersReceived?.(({ header }) => {
    control.headers(header);
  });
}

/** Storage of the mini program; a full or missing one is replaced by memory. */
function wxStorage(wx: WxHost): KeyValueStore {
  const fallback = memoryStore();
  return {
    get(key) {
      const value = wx.getStorageSync(key);
      return typeof value === 'string' && value !== '' ? value : fallback.get(key);
    },
    set(key, value) {
      try {
        wx.setStorageSync(key, value);
      } catch {
        fallback.set(key, value); // over its limit
      }
    },
    remove(key) {
      wx.removeStorageSync(key);
      fallback.remove(key);
    },
  };
}

/** Mini programs have no synchronous source of good randomness. Here a login code says who the user is, not this id. */
function randomId(): string {
  let id = '';
  while (id.length < 32) id += Math.floor(Math.random() * 16).toString(16);
  return id;
}
