// The cloud object of clients: wx.cloud for a self-hosted server
// (wx-cloud-api.md 1). Methods may be taken off the object.

import { Session } from './auth';
import { call, given, inCallbackStyle, type ApiName, type WithErrMsg } from './calls';
import { Database } from './database/database';
import { adminSide, clientSide, type Side } from './database/side';
import { extendedStore, plainStore } from './database/store';
import type { Watcher } from './database/watch';
import { CloudError, Fault, badType } from './errors';
import { invoke, reviveBuffers } from './functions';
import { deleteFiles, deletedItem, fileURLs, tempFileURLItem } from './items';
import type { Platform } from './platform/platform';
import type { Act } from './protocol';
import { downloadFile, uploadFile } from './storage';
import { downloadTask, uploadTask } from './task';
import { adminActions, webActions } from './transport/actions';
import { Connection } from './transport/connection';
import { Http, normalizeEndpoint } from './transport/http';
import { Subscription } from './transport/subscription';
import type * as api from './types';

/** Longest document or update of a client, in characters of JSON. */
const maxDocumentChars = 512 * 1024;

type Service = 'database' | 'functions' | 'storage';

/** What the calls of one env share. */
interface EnvClient {
  act: Act;
  side: Side;
}

/** A cloud object over a platform. */
export class CloudClient {
  private config: api.InitOptions | undefined;
  private http: Http | undefined;
  private readonly envs = new Map<string, EnvClient>();
  private watches = 0;

  constructor(
    private readonly platform: Platform,
    private readonly options: api.CloudOptions = {},
    /** Where a `new Cloud(…)` finds the server: the configuration of its maker. */
    private readonly inherited: () => api.InitOptions = () => ({}),
  ) {}

  /** Class for a second env: `new cloud.Cloud({resourceEnv})`, then `await init()`. */
  readonly Cloud = cloudClass(this.platform, () => this.config ?? {});

  /** Takes the configuration; only the first call counts. Codes: -401002. */
  readonly init = (config: api.InitOptions = {}): Promise<void> => {
    if (this.config !== undefined) return Promise.resolve();
    const { resourceEnv, endpoint } = this.options;
    const own = {
      ...this.inherited(),
      ...config,
      ...(resourceEnv === undefined ? {} : { env: resourceEnv }),
    };
    this.http = new Http(
      this.platform,
      normalizeEndpoint(endpoint ?? own.endpoint ?? this.platform.endpoint),
      own.timeout,
    );
    this.config = own;
    return Promise.resolve();
  };

  readonly callFunction = (options: api.CallFunctionOptions) =>
    this.run({ name: 'cloud.callFunction', wording: 'printed' }, options, async () => {
      const { name, data, config } = given(options);
      const { result, requestID } = await invoke(this.env('functions', config).act, { name, data });
      return { result: reviveBuffers(result), requestID };
    });

  readonly uploadFile = (options: api.UploadFileOptions) => {
    const task = uploadTask();
    const promise = this.run({ name: 'cloud.uploadFile' }, options, () => {
      const { cloudPath, filePath, fileContent, header, config } = given(options);
      const spec = {
        cloudPath,
        source: filePath ?? fileContent,
        ...(header === undefined ? {} : { header }),
      };
      return uploadFile(this.platform, this.env('storage', config).act, spec, task);
    });
    return inCallbackStyle(options) ? task : promise;
  };

  readonly downloadFile = (options: api.DownloadFileOptions) => {
    const task = downloadTask();
    const promise = this.run({ name: 'cloud.downloadFile' }, options, () => {
      const { fileID, config } = given(options);
      return downloadFile(this.platform, this.env('storage', config).act, fileID, task);
    });
    return inCallbackStyle(options) ? task : promise;
  };

  readonly getTempFileURL = (options: api.GetTempFileURLOptions) =>
    this.run({ name: 'cloud.getTempFileURL' }, options, async () => {
      const { fileList, config } = given(options);
      const { files } = await fileURLs(this.env('storage', config).act, fileList);
      return { fileList: files.map(tempFileURLItem) };
    });

  readonly deleteFile = (options: api.DeleteFileOptions) =>
    this.run({ name: 'cloud.deleteFile' }, options, async () => {
      const { fileList, config } = given(options);
      const { files } = await deleteFiles(this.env('storage', config).act, fileList);
      return { fileList: files.map(deletedItem) };
    });

  readonly database = (config: { env?: string } = {}): Database => {
    const { side } = this.env('database', config);
    return new Database(side, config);
  };

  private run<R extends object>(
    name: ApiName,
    options: unknown,
    work: () => Promise<R>,
  ): Promise<WithErrMsg<R>> | undefined {
    return call(name, options, this.platform.report, async () => work());
  }

  /** The env for a service: of this call, else of init, else the server's default. */
  private env(service: Service, call: { env?: string } | undefined): EnvClient {
    const { config, http } = this;
    if (config === undefined || http === undefined) {
      throw new CloudError(-1, "Cloud API isn't enabled, please call init first");
    }
    const env = call?.env ?? (typeof config.env === 'object' ? config.env[service] : config.env) ?? '';
    let client = this.envs.get(env);
    if (client === undefined) {
      client = this.open(http, config, env);
      this.envs.set(env, client);
    }
    return client;
  }

  private open(http: Http, config: api.InitOptions, env: string): EnvClient {
    const { report } = this.platform;
    if (config.apiKey !== undefined) {
      const act = adminActions(http, env, config.apiKey);
      return { act, side: adminSide(extendedStore(act), report, this.watcher(http, config, act, env)) };
    }
    const session = this.options.identityless === true ? undefined : new Session(http, env);
    const act = webActions(http, env, session);
    const store = plainStore(act, { maxChars: maxDocumentChars });
    return { act, side: clientSide(store, report, this.watcher(http, config, act, env)) };
  }

  private watcher(http: Http, config: api.InitOptions, act: Act, env: string): NonNullable<Side['watch']> {
    const runtime = this.platform.runtime;
    const { maxReconnect = 5, reconnectInterval = runtime === 'web' ? 10_000 : 5_000 } =
      config.database?.realtime ?? {};
    const { clock, report } = this.platform;
    const connection = new Connection(this.platform, act, env, http.endpoint, {
      maxReconnect,
      reconnectInterval,
    });
    return (target, handlers): Watcher => {
      this.watches++;
      return new Subscription(connection, target, handlers, { clock, report, watchId: `w${this.watches}` });
    };
  }
}

/** The class of further cloud objects on the same platform. */
function cloudClass(
  platform: Platform,
  inherited: () => api.InitOptions,
): new (options: api.CloudOptions) => CloudClient {
  return class Cloud extends CloudClient {
    constructor(options: api.CloudOptions) {
      const { resourceEnv }: { resourceEnv?: unknown } = given(options);
      if (typeof resourceEnv !== 'string') throw badType('resourceEnv', 'string', resourceEnv);
      super(platform, options, inherited);
    }
  };
}

/** APIs of the original that a self-hosted server has no counterpart for. */
const notSupported = ['callContainer', 'connectContainer', 'callHTTPFunction'] as const;

/** Makes the cloud object of a platform. */
export function createCloud(platform: Platform): api.Cloud {
  const client = new CloudClient(platform);
  const refuse = (name: string) => (options: unknown) =>
    call({ name: `cloud.${name}` }, options, platform.report, () =>
      Promise.reject(new Fault(-1, `${name} is not supported in self-hosting`)),
    );
  // Of the one cloud object, init returns nothing (wx-cloud-api.md 1.2).
  const init = (config?: api.InitOptions): void => void client.init(config);
  const { Cloud, callFunction, uploadFile, downloadFile, getTempFileURL, deleteFile, database } = client;
  const files = { uploadFile, downloadFile, getTempFileURL, deleteFile };
  const others = Object.fromEntries(notSupported.map((name) => [name, refuse(name)]));
  return { init, Cloud, callFunction, ...files, database, ...others } as unknown as api.Cloud;
}
