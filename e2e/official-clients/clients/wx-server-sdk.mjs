// wx-server-sdk: admin rights; takes { data }, answers stats, speaks in numbers.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * openWxServerSDK points the package at the server by nothing but the
 * environment of the process, as a cloud function's worker would.
 */
export function openWxServerSDK({ packageName, codes }, { url, env, pair }) {
  process.env.TCB_CONTEXT_CNFG = JSON.stringify({ URL: `${url}/admin` });
  process.env.TENCENTCLOUD_SECRETID = pair.secretId;
  process.env.TENCENTCLOUD_SECRETKEY = pair.secretKey;
  const cloud = require(packageName);
  cloud.init({ env });
  const db = cloud.database({ throwOnNotFound: false });
  return {
    db,
    user: false,
    laterCommands: true,
    createCollection: (name) => db.createCollection(name),
    add: async (name, data) => (await db.collection(name).add({ data }))._id,
    addMany: async (name, data) => (await db.collection(name).add({ data }))._ids,
    getDoc: async (name, id) => (await db.collection(name).doc(id).get()).data ?? undefined,
    find: async (query) => (await query.get()).data,
    count: async (query) => (await query.count()).total,
    update: async (target, data) => (await target.update({ data })).stats.updated,
    set: async (target, data) => (await target.set({ data })).stats,
    remove: async (target) => (await target.remove()).stats.removed,
    aggregate: async (aggregate) => (await aggregate.end()).list,
    // Only the package below has it (wx-cloud-api.md 4.3).
    updateAndReturn: (name, condition, data) => db._db.collection(name).where(condition).updateAndReturn(data),
    within: {
      get: async (doc) => (await doc.get()).data,
      find: async (query) => (await query.get()).data,
      add: (collection, data) => collection.add({ data }),
      addMany: async (collection, data) => (await collection.add({ data }))._ids.length,
      update: async (doc, data) => (await doc.update({ data })).stats.updated,
      set: async (doc, data) => (await doc.set({ data })).stats,
      // Inside a transaction the package looks for the new id in the wrong place.
      created: () => ({ updated: 0, created: 0 }),
      remove: async (doc) => (await doc.remove()).stats.removed,
      runs: 4, // its count of retries begins after the first run
    },
    call: async (name, data) => (await cloud.callFunction({ name, data })).result,
    upload: async (cloudPath, fileContent) => (await cloud.uploadFile({ cloudPath, fileContent })).fileID,
    tempURLs: async (fileList) =>
      (await cloud.getTempFileURL({ fileList })).fileList.map((f) => ({ url: f.tempFileURL, ok: f.status === 0, code: f.status })),
    download: async (fileID) => (await cloud.downloadFile({ fileID })).fileContent,
    deleteFiles: async (fileList) =>
      (await cloud.deleteFile({ fileList })).fileList.map((f) => ({ ok: f.status === 0, code: f.status })),
    async withWrongSecret(name) {
      process.env.TENCENTCLOUD_SECRETKEY = "wrong";
      try {
        return await db.collection(name).get();
      } finally {
        process.env.TENCENTCLOUD_SECRETKEY = pair.secretKey;
      }
    },
    failure: async (promise) => {
      try {
        return { answer: await promise };
      } catch (err) {
        // A refused commit comes as the package below words it.
        return { code: err.errCode ?? err.code, text: err.errMsg ?? err.message };
      }
    },
    codes: {
      collectionMissing: -502005,
      duplicateID: -502001,
      fileMissing: -503003,
      wrongSecret: -501001,
      conflict: "DATABASE_TRANSACTION_CONFLICT",
      transactionOver: -501001,
      ...codes,
    },
  };
}
