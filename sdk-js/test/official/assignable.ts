// Compiled only: where WeChat's own typings expect wx.cloud, ours must do.

import type { Cloud, Database } from '../../src/types';

/** Members of wx.cloud that the SDK has. */
type Supported = Pick<
  WxCloud,
  'init' | 'callFunction' | 'uploadFile' | 'downloadFile' | 'getTempFileURL' | 'deleteFile' | 'database'
>;

declare const cloud: Cloud;
declare const database: Database;

export const official: Omit<Supported, 'database'> = cloud;
export const command: Omit<DB.DatabaseCommand, 'aggregate'> = database.command;
export const operators: DB.DatabaseCommand['aggregate'] = database.command.aggregate;
export const aggregate: DB.Aggregate = database.collection('c').aggregate();
export const geo: DB.IGeo = database.Geo;
export const regexp: DB.IRegExpConstructor = database.RegExp;
export const collection: Omit<DB.CollectionReference, 'where'> = database.collection('c');
export const document: DB.DocumentReference = database.collection('c').doc('d');
