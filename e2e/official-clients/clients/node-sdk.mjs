// @cloudbase/node-sdk: pointed at the server by TCB_CONTEXT_CNFG (set by
// run.mjs), with a key pair as its credentials.
import { createRequire } from 'node:module';

export function connect(module, { env, secretId, secretKey }) {
  const app = createRequire(import.meta.url)(module).init({ env, secretId, secretKey });
  const db = app.database();
  const _ = db.command;
  return {
    createCollection: (name) => db.createCollection(name),
    add: async (name, data) => (await db.collection(name).add(data)).id,
    get: async (name, id) => (await db.collection(name).doc(id).get()).data[0],
    async query(name, { where, order, limit, field }) {
      let query = db.collection(name).where(where(_)).orderBy(...order);
      if (limit !== undefined) query = query.limit(limit);
      if (field !== undefined) query = query.field(field);
      return (await query.get()).data;
    },
    update: async (name, id, data) => (await db.collection(name).doc(id).update(data(_))).updated,
    count: async (name, where) => (await db.collection(name).where(where(_)).count()).total,
    remove: async (name, id) => (await db.collection(name).doc(id).remove()).deleted,
    call: async (name, data) => (await app.callFunction({ name, data })).result,
    upload: async (cloudPath, fileContent) => (await app.uploadFile({ cloudPath, fileContent })).fileID,
    async tempURL(fileID) {
      const { fileList } = await app.getTempFileURL({ fileList: [fileID] });
      if (fileList[0].code !== 'SUCCESS') throw new Error(JSON.stringify(fileList[0]));
      return fileList[0].tempFileURL;
    },
    download: async (fileID) => (await app.downloadFile({ fileID })).fileContent,
    async delete(fileID) {
      const { fileList } = await app.deleteFile({ fileList: [fileID] });
      if (fileList[0].code !== 'SUCCESS') throw new Error(JSON.stringify(fileList[0]));
    },
  };
}
