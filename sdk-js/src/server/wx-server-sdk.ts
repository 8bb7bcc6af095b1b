// The module `wx-server-sdk` inside a function worker (wx-cloud-api.md 2).
// Admin rights, promises only; what a self-hosted server has no counterpart
// for says so clearly.

import { settle, type WithErrMsg } from '../calls';
import { Database } from '../database/database';
import { serverSide } from '../database/side';
import { extendedStore } from '../database/store';
import { CloudError, Fault, badType, toCloudError } from '../errors';
import { invoke } from '../functions';
import { checkCloudPath, deleteFiles, deletedItem, fileURLs, tempFileURLItem } from '../items';
import { CURRENT_ENV, actIn, download, host, resolveEnv, upload, within, type EnvOption } from './bridge';

/** Options of init. */
export interface ServerConfig {
  env?: EnvOption;
  /** Milliseconds for one function call; without it the callee's own limit counts. */
  timeout?: number;
  throwOnNotFound?: boolean;
  /** Env of a `new Cloud(…)`. */
  resourceEnv?: string;
  [option: string]: unknown;
}

/** Options that every call may carry. */
interface CallConfig {
  config?: { env?: string };
}

/** One initialised SDK; the module itself is one. */
export class ServerCloud {
  readonly version = '4.0.2'; // of the package whose shape this is
  readonly DYNAMIC_CURRENT_ENV = CURRENT_ENV;
  readonly Cloud = ServerCloud;
  private config: ServerConfig | undefined;

  constructor(private readonly preset: ServerConfig = {}) {
    // Users take methods off the module: const { callFunction } = require('wx-server-sdk').
    for (const name of boundMethods) {
      Object.defineProperty(this, name, {
        value: (this[name] as () => unknown).bind(this),
        enumerable: true,
      });
    }
  }

  init(config: ServerConfig = {}): Promise<void> {
    this.config ??= { ...this.preset, ...config };
    return Promise.resolve();
  }

  updateConfig(config: ServerConfig): void {
    this.config = { ...this.ready('updateConfig'), ...config };
  }

  createNewInstance(config: ServerConfig = {}): ServerCloud {
    const cloud = new ServerCloud(config);
    void cloud.init();
    return cloud;
  }

  database(config: { env?: EnvOption; throwOnNotFound?: boolean } = {}): Database {
    const own = this.ready('database');
    const env = resolveEnv(config.env ?? envOf(own), 'database');
    const throwOnNotFound = config.throwOnNotFound ?? own.throwOnNotFound ?? true;
    return new Database(serverSide(extendedStore(actIn(env)), throwOnNotFound), { ...config, env });
  }

  callFunction(options: CallConfig & { name: string; data?: object; timeout?: number; qualifier?: string }) {
    const config = this.ready('callFunction');
    return settle({ name: 'callFunction' }, async () => {
      const { name, data, timeout, qualifier } = objectOf(options);
      if (data !== undefined && typeof data !== 'object') throw badType('data', 'object', data);
      try {
        const call = invoke(this.act('functions', options), { name, data, qualifier });
        return await within(timeout ?? config.timeout, `callFunction ${name}`, call);
      } catch (cause) {
        throw withRequestID(cause);
      }
    });
  }

  uploadFile(options: CallConfig & { cloudPath: string; fileContent: unknown }) {
    this.ready('uploadFile');
    return settle({ name: 'uploadFile' }, async () => {
      const { cloudPath, fileContent } = objectOf(options);
      return { fileID: await upload(checkCloudPath(cloudPath), fileContent), statusCode: 200 };
    });
  }

  downloadFile(options: CallConfig & { fileID: string }) {
    this.ready('downloadFile');
    return settle({ name: 'downloadFile' }, async () => {
      const { fileID } = objectOf(options);
      if (typeof fileID !== 'string') throw badType('fileID', 'string', fileID);
      return { fileContent: await download(fileID), statusCode: 200 };
    });
  }

  getTempFileURL(options: CallConfig & { fileList: (string | { fileID: string; maxAge?: number })[] }) {
    this.ready('getTempFileURL');
    return settle({ name: 'getTempFileURL' }, async () => {
      const { files, requestId } = await fileURLs(this.act('storage', options), objectOf(options).fileList);
      return { fileList: files.map(tempFileURLItem), requestId };
    });
  }

  deleteFile(options: CallConfig & { fileList: string[] }) {
    this.ready('deleteFile');
    return settle({ name: 'deleteFile' }, async () => {
      const { files, requestId } = await deleteFiles(
        this.act('storage', options),
        objectOf(options).fileList,
      );
      return { fileList: files.map(deletedItem), requestId };
    });
  }

  /** Identity of the caller; `{}` outside of an invocation. Needs no init. */
  getWXContext(): Record<string, unknown> {
    return host.context();
  }

  /** Structured lines in the function's log; each takes exactly one plain object. */
  logger(): Logger {
    this.ready('logger');
    return serverLogger();
  }

  private act(service: 'functions' | 'storage', options: CallConfig) {
    return actIn(resolveEnv(options.config?.env ?? envOf(this.config), service));
  }

  private ready(api: string): ServerConfig {
    if (this.config !== undefined) return this.config;
    throw new CloudError(-1, `${api}:fail Cloud API isn't enabled, please call init first`);
  }
}

const boundMethods = [
  'init',
  'updateConfig',
  'createNewInstance',
  'database',
  'callFunction',
  'uploadFile',
  'downloadFile',
  'getTempFileURL',
  'deleteFile',
  'getWXContext',
  'logger',
] as const;

/** The four levels of a log. */
export interface Logger {
  log(object: object): void;
  info(object: object): void;
  warn(object: object): void;
  error(object: object): void;
}

/** Logger of both module shapes. Codes: -501007 for anything but one plain object. */
export function serverLogger(): Logger {
  const line =
    (level: string) =>
    (...objects: unknown[]): void => {
      const [object] = objects;
      if (objects.length !== 1 || typeof object !== 'object' || object === null || Array.isArray(object)) {
        throw toCloudError('logger', new Fault(-501007, `${level} takes exactly one plain object`));
      }
      host.log(level, object);
    };
  return { log: line('log'), info: line('info'), warn: line('warn'), error: line('error') };
}

function envOf(config: ServerConfig | undefined): EnvOption {
  return config?.resourceEnv ?? config?.env;
}

function objectOf<T extends object>(options: T): Partial<T> {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) throw badType('options', 'object', given);
  return options;
}

/** wx-server-sdk names the request in the text of a failed call. */
function withRequestID(cause: unknown): unknown {
  if (!(cause instanceof Fault) || cause.requestID === undefined) return cause;
  const detail = cause.code === undefined ? {} : { code: cause.code };
  return new Fault(cause.errCode, `requestID ${cause.requestID}, ${cause.message}`, {
    ...detail,
    requestID: cause.requestID,
  });
}

/** APIs of the original that only its platform has. */
const platformOnly = [
  'callOpenAPI',
  'getOpenData',
  'getVoIPSign',
  'getCloudCallSign',
  'callContainer',
  'registerService',
] as const;

function notSupported(api: string): () => Promise<WithErrMsg<object>> {
  return () =>
    settle({ name: api }, () => Promise.reject(new Fault(-1, `${api} is not supported in self-hosting`)));
}

/** `cloud.openapi.a.b(…)`: any chain of names ends in a call that says no. */
function openAPI(path: string): unknown {
  return new Proxy(notSupported(path), {
    get: (target, key) =>
      typeof key === 'string' ? openAPI(`${path}.${key}`) : (Reflect.get(target, key) as unknown),
  });
}

/** What `require('wx-server-sdk')` gives. */
export const wxServerSDK = Object.assign(new ServerCloud(), {
  ...Object.fromEntries(platformOnly.map((api) => [api, notSupported(api)])),
  openapi: openAPI('openapi'),
  cloudPay: openAPI('cloudPay'),
});
