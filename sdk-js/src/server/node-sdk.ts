// The modules `@cloudbase/node-sdk` and `tcb-admin-node` inside a function
// worker. `init` gives an app; tcb-admin-node's module is its own first app.

import { serverSide } from '../database/side';
import { extendedStore } from '../database/store';
import { badType } from '../errors';
import { invoke } from '../functions';
import { checkCloudPath, deleteFiles, fileURLs } from '../items';
import { CURRENT_ENV, actIn, download, host, resolveEnv, upload, within, type EnvOption } from './bridge';
import { NodeDatabase } from './node-database';
import { coded } from './node-errors';
import { serverLogger } from './wx-server-sdk';

/** Options of init; credentials are accepted and not needed here. */
export interface NodeConfig {
  env?: EnvOption;
  timeout?: number;
  [option: string]: unknown;
}

/** An app of node-sdk. */
export class NodeApp {
  constructor(readonly config: NodeConfig = {}) {}

  database(config: { env?: EnvOption } = {}): NodeDatabase {
    const act = actIn(resolveEnv(config.env ?? this.config.env, 'database'));
    return new NodeDatabase(serverSide(extendedStore(act), true));
  }

  callFunction(
    options: { name: string; data?: object; qualifier?: string },
    call: { timeout?: number } = {},
  ) {
    return coded(async () => {
      const { name, data, qualifier } = options;
      const work = invoke(actIn(resolveEnv(this.config.env, 'functions')), { name, data, qualifier });
      const answer = await within(call.timeout ?? this.config.timeout, `callFunction ${name}`, work);
      return { result: answer.result, requestId: answer.requestID };
    });
  }

  uploadFile({ cloudPath, fileContent }: { cloudPath: string; fileContent: unknown }) {
    return coded(async () => ({
      fileID: await upload(checkCloudPath(cloudPath), fileContent),
      requestId: '',
    }));
  }

  downloadFile({ fileID }: { fileID: string }) {
    return coded(async () => {
      if (typeof fileID !== 'string') throw badType('fileID', 'string', fileID);
      return { fileContent: await download(fileID), message: '', requestId: '' };
    });
  }

  getTempFileURL({ fileList }: { fileList: unknown[] }) {
    return coded(async () => {
      const { files, requestId } = await fileURLs(this.storage(), fileList);
      const items = files.map(({ fileID, code, url, maxAge }) => ({
        code,
        fileID,
        tempFileURL: url,
        maxAge,
      }));
      return { fileList: items, requestId };
    });
  }

  deleteFile({ fileList }: { fileList: string[] }) {
    return coded(async () => {
      const { files, requestId } = await deleteFiles(this.storage(), fileList);
      return { fileList: files.map(({ fileID, code }) => ({ fileID, code })), requestId };
    });
  }

  /** Who called; texts are empty where there is no such identity. */
  auth() {
    const text = (key: string): string => {
      const value = host.context()[key];
      return typeof value === 'string' ? value : '';
    };
    const getUserInfo = () => ({
      openId: text('OPENID'),
      appId: text('APPID'),
      uid: text('TCB_UUID'),
      customUserId: text('TCB_CUSTOM_USER_ID'),
      isAnonymous: text('TCB_ISANONYMOUS_USER') === 'true',
    });
    return {
      getUserInfo,
      getEndUserInfo: () => Promise.resolve({ userInfo: getUserInfo(), requestId: '' }),
      getClientIP: () => text('CLIENTIP'),
    };
  }

  logger() {
    return serverLogger();
  }

  private storage() {
    return actIn(resolveEnv(this.config.env, 'storage'));
  }
}

let moduleApp = new NodeApp();

/** What `require('@cloudbase/node-sdk')` and `require('tcb-admin-node')` give. */
export const nodeSDK = {
  version: '3.18.3', // of the package whose shape this is
  SYMBOL_CURRENT_ENV: CURRENT_ENV,
  SYMBOL_DEFAULT_ENV: Symbol.for('SYMBOL_DEFAULT_ENV'),
  init(config: NodeConfig = {}): NodeApp {
    moduleApp = new NodeApp(config);
    return moduleApp;
  },
  getCloudbaseContext: () => host.context(),
  parseContext: (context: unknown) => context,
  database: (config?: { env?: EnvOption }) => moduleApp.database(config),
  callFunction: (...args: Parameters<NodeApp['callFunction']>) => moduleApp.callFunction(...args),
  uploadFile: (...args: Parameters<NodeApp['uploadFile']>) => moduleApp.uploadFile(...args),
  downloadFile: (...args: Parameters<NodeApp['downloadFile']>) => moduleApp.downloadFile(...args),
  getTempFileURL: (...args: Parameters<NodeApp['getTempFileURL']>) => moduleApp.getTempFileURL(...args),
  deleteFile: (...args: Parameters<NodeApp['deleteFile']>) => moduleApp.deleteFile(...args),
  auth: () => moduleApp.auth(),
  logger: () => moduleApp.logger(),
};
