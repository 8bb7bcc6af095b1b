// Lists of files: requests and per-item results (wx-cloud-api.md 1.12, 1.13).

import { Fault, badParameter, badType, numberOf, textOf } from './errors';
import type { Act, DeleteItem, DownloadItem } from './protocol';

/** Most files in one call. */
const maxItems = 50;

/** Item of getTempFileURL: check status, 0 means success. */
export interface TempFileURLItem {
  fileID: string;
  tempFileURL: string;
  maxAge?: number;
  status: number;
  errMsg: string;
}

/** Item of deleteFile: check status, 0 means deleted. */
export interface DeletedItem {
  fileID: string;
  status: number;
  errMsg: string;
}

/** One file as it was answered, before it takes the shape of an API. */
export interface FileAnswer {
  fileID: string;
  code: string;
  url: string;
  maxAge?: number;
}

/** Asks for download addresses, in the order of the list. Codes: -401002, -401003. */
export async function fileURLs(
  act: Act,
  fileList: unknown,
): Promise<{ files: FileAnswer[]; requestId: string }> {
  const wanted = listOf(fileList).map(wantedFile);
  const reply = await act('storage.batchGetDownloadUrl', { file_list: wanted });
  const { download_list = [] } = (reply.data ?? {}) as { download_list?: DownloadItem[] };
  const files = wanted.map(({ fileid }, at): FileAnswer => {
    const item = download_list[at] ?? {};
    const url = item.tempFileURL ?? item.download_url ?? '';
    const maxAge = item.maxAge === undefined ? {} : { maxAge: item.maxAge };
    return { fileID: fileid, code: item.code ?? 'SUCCESS', url, ...maxAge };
  });
  return { files, requestId: reply.requestId ?? '' };
}

/** Deletes files and answers for each, in the order of the list. Codes: -401002, -401003. */
export async function deleteFiles(
  act: Act,
  fileList: unknown,
): Promise<{ files: FileAnswer[]; requestId: string }> {
  const ids = listOf(fileList).map((id) => {
    if (typeof id !== 'string') throw badType('fileList', 'array of string', id);
    return id;
  });
  const reply = await act('storage.batchDeleteFile', { fileid_list: ids });
  const { delete_list = [] } = (reply.data ?? {}) as { delete_list?: DeleteItem[] };
  const files = ids.map((fileID, at) => ({ fileID, code: delete_list[at]?.code ?? 'SUCCESS', url: '' }));
  return { files, requestId: reply.requestId ?? '' };
}

/** An answer in the shape of wx.cloud.getTempFileURL. */
export function tempFileURLItem({ fileID, code, url, maxAge }: FileAnswer): TempFileURLItem {
  const age = maxAge === undefined ? {} : { maxAge };
  return { fileID, tempFileURL: code === 'SUCCESS' ? url : '', ...age, ...statusOf(code) };
}

/** An answer in the shape of wx.cloud.deleteFile. */
export function deletedItem({ fileID, code }: FileAnswer): DeletedItem {
  return { fileID, ...statusOf(code) };
}

/** The address of one file, or the Fault that the whole call fails with. */
export async function oneFileURL(act: Act, fileID: unknown): Promise<string> {
  if (typeof fileID !== 'string') throw badType('fileID', 'string', fileID);
  const [file] = (await fileURLs(act, [{ fileID, maxAge: 600 }])).files;
  if (file !== undefined && file.code !== 'SUCCESS') {
    throw new Fault(numberOf(file.code), fileID, { code: file.code });
  }
  if (file === undefined || file.url === '') throw new Fault(-403003, fileID);
  return file.url;
}

/** Checks the path of an upload. Codes: -401002, -401003. */
export function checkCloudPath(cloudPath: unknown): string {
  if (typeof cloudPath !== 'string') throw badType('cloudPath', 'string', cloudPath);
  if (cloudPath === '' || cloudPath.startsWith('/')) {
    throw badParameter('cloudPath must not be empty and must not begin with /');
  }
  return cloudPath;
}

function statusOf(code: string): { status: number; errMsg: string } {
  if (code === 'SUCCESS') return { status: 0, errMsg: 'ok' };
  const status = numberOf(code);
  return { status, errMsg: textOf(status) };
}

function listOf(fileList: unknown): unknown[] {
  if (!Array.isArray(fileList)) throw badType('fileList', 'array', fileList);
  if (fileList.length === 0) throw badParameter('fileList must not be empty');
  if (fileList.length > maxItems) throw badParameter(`fileList must not hold more than ${maxItems} items`);
  return fileList;
}

type WantedFile = { fileid: string } | { fileid: string; max_age: number };

function wantedFile(item: unknown): WantedFile {
  if (typeof item === 'string') return { fileid: item };
  const { fileID, maxAge } = (item ?? {}) as { fileID?: unknown; maxAge?: unknown };
  if (typeof fileID !== 'string') throw badType('fileList', 'array of string or {fileID, maxAge}', item);
  return typeof maxAge === 'number' ? { fileid: fileID, max_age: maxAge } : { fileid: fileID };
}
