// Our own client in the same table: as a user, and with an API key.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';

export function connect(module, { url, env, apiKey }) {
  const cloud = createRequire(import.meta.url)('../../../sdk-js');
  const asAdmin = module === 'apiKey';
  cloud.init({ env, endpoint: url, ...(asAdmin ? { apiKey } : {}) });
  const db = cloud.database();
  const _ = db.command;
  const statusOf = ({ fileList: [item] }) => {
    if (item.status !== 0) throw new Error(JSON.stringify(item));
    return item;
  };
  return {
    ...(asAdmin ? { createCollection: (name) => db.createCollection(name) } : {}),
    add: async (name, data) => (await db.collection(name).add({ data }))._id,
    get: async (name, id) => (await db.collection(name).doc(id).get()).data,
    async query(name, { where, order, limit, field }) {
      let query = db.collection(name).where(where(_)).orderBy(...order);
      if (limit !== undefined) query = query.limit(limit);
      if (field !== undefined) query = query.field(field);
      return (await query.get()).data;
    },
    update: async (name, id, data) => (await db.collection(name).doc(id).update({ data: data(_) })).stats.updated,
    count: async (name, where) => (await db.collection(name).where(where(_)).count()).total,
    remove: async (name, id) => (await db.collection(name).doc(id).remove()).stats.removed,
    call: async (name, data) => (await cloud.callFunction({ name, data })).result,
    upload: async (cloudPath, bytes) => (await cloud.uploadFile({ cloudPath, filePath: bytes })).fileID,
    tempURL: async (fileID) => statusOf(await cloud.getTempFileURL({ fileList: [fileID] })).tempFileURL,
    download: async (fileID) => readFile((await cloud.downloadFile({ fileID })).tempFilePath),
    delete: async (fileID) => void statusOf(await cloud.deleteFile({ fileList: [fileID] })),
    watch: (name, where, onChange, onError) => db.collection(name).where(where).watch({ onChange, onError }),
  };
}
