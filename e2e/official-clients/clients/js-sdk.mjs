// What js-sdk 1 and 3 have in common once they are signed in.
export function adapt(app, { upload, download }) {
  const db = app.database();
  const _ = db.command;
  return {
    async add(name, data) {
      const result = await db.collection(name).add(data);
      if (result.id === undefined) throw new Error(`add answered ${JSON.stringify(result)}`);
      return result.id;
    },
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
    upload,
    async tempURL(fileID) {
      const { fileList } = await app.getTempFileURL({ fileList: [fileID] });
      if (fileList[0].code !== 'SUCCESS') throw new Error(JSON.stringify(fileList[0]));
      return fileList[0].tempFileURL;
    },
    download,
    async delete(fileID) {
      const { fileList } = await app.deleteFile({ fileList: [fileID] });
      if (fileList[0].code !== 'SUCCESS') throw new Error(JSON.stringify(fileList[0]));
    },
    watch: (name, where, onChange, onError) => db.collection(name).where(where).watch({ onChange, onError }),
  };
}
