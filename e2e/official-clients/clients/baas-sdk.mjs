// Our own client in the same table: as a user, and with an API key.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** openBaasSDK takes the package from this repository; it signs its user in by itself. */
export function openBaasSDK({ admin }, { url, env, apiKey }) {
  const cloud = require("../../../sdk-js");
  cloud.init({ env, endpoint: url, ...(admin ? { apiKey } : {}) });
  const db = cloud.database();

  /** getDoc: the SDK rejects, with -1, what does not exist or may not be read. */
  async function getDoc(name, id) {
    try {
      return (await db.collection(name).doc(id).get()).data;
    } catch (err) {
      if (err.errCode === -1 && /cannot find document|does not exist/.test(err.errMsg)) return undefined;
      throw err;
    }
  }
  const items = ({ fileList }) => fileList.map((f) => ({ url: f.tempFileURL, ok: f.status === 0, code: f.status }));
  return {
    db,
    user: !admin,
    laterCommands: true,
    /** signIn: the SDK has no call that tells who its user is, but the user's documents do. */
    async signIn(name) {
      const { _id } = await db.collection(name).add({ data: {} });
      const { _openid } = await getDoc(name, _id);
      await db.collection(name).doc(_id).remove();
      return _openid;
    },
    createCollection: (name) => db.createCollection(name),
    add: async (name, data) => (await db.collection(name).add({ data }))._id,
    getDoc,
    find: async (query) => (await query.get()).data,
    count: async (query) => (await query.count()).total,
    update: async (target, data) => (await target.update({ data })).stats.updated,
    set: async (target, data) => (await target.set({ data })).stats,
    async remove(target) {
      try {
        return (await target.remove()).stats.removed;
      } catch (err) {
        if (err.errCode === -1 && err.errMsg.includes("cannot remove document")) return 0;
        throw err;
      }
    },
    aggregate: async (aggregate) => (await aggregate.end()).list,
    within: admin ? {
      async get(doc) {
        try {
          return (await doc.get()).data;
        } catch (err) {
          if (err.errCode === -1 && /does not exist/.test(err.errMsg)) return null;
          throw err;
        }
      },
      find: async (query) => (await query.get()).data,
      add: (collection, data) => collection.add({ data }),
      addMany: async (collection, data) => (await collection.add({ data }))._ids.length,
      update: async (doc, data) => (await doc.update({ data })).stats.updated,
      set: async (doc, data) => (await doc.set({ data })).stats,
      created: () => ({ updated: 0, created: 1 }),
      remove: async (doc) => (await doc.remove()).stats.removed,
      runs: 3,
    } : undefined,
    call: async (name, data) => (await cloud.callFunction({ name, data })).result,
    upload: async (cloudPath, fileContent) => (await cloud.uploadFile({ cloudPath, fileContent })).fileID,
    tempURLs: async (fileList) => items(await cloud.getTempFileURL({ fileList })),
    download: async (fileID) => readFile((await cloud.downloadFile({ fileID })).tempFilePath),
    deleteFiles: async (fileList) => items(await cloud.deleteFile({ fileList })).map(({ ok, code }) => ({ ok, code })),
    failure: async (promise) => {
      try {
        return { answer: await promise };
      } catch (err) {
        return { code: err.errCode, text: err.errMsg };
      }
    },
    codes: {
      createDenied: -502003,
      collectionExists: -502001,
      collectionMissing: -502005,
      duplicateID: -502001,
      functionMissing: -501000,
      functionThrew: -504002,
      fileMissing: -503003,
      conflict: -502001,
      transactionOver: -502001,
    },
  };
}
