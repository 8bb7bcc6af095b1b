// What the scenario asks of the server beside the client under test, with an
// admin key over plain HTTP: no SDK, so that no SDK stands in for another.

/** newAdmin returns the few admin operations the scenario needs. */
export function newAdmin({ url, env, apiKey }) {
  async function act(action, members) {
    const res = await fetch(`${url}/admin`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ envName: env, action, ...members }),
    });
    const reply = await res.json();
    if (reply.code) throw new Error(`admin ${action}: ${reply.code} ${reply.message}`);
    return reply.data;
  }
  return {
    createCollection: (collectionName) => act("database.addCollection", { collectionName }),
    insert: (collectionName, ...documents) =>
      act("database.insertDocument", { collectionName, data: documents.map((d) => JSON.stringify(d)) }),
    /** update applies MongoDB operators to every document that matches. */
    update: (collectionName, query, operators) =>
      act("database.modifyDocument", {
        collectionName,
        query: JSON.stringify(query),
        data: JSON.stringify(operators),
        multi: true,
        merge: true,
      }),
    remove: (collectionName, query) =>
      act("database.removeDocument", { collectionName, query: JSON.stringify(query), multi: true }),
    count: async (collectionName, query) =>
      (await act("database.calculateDocument", { collectionName, query: JSON.stringify(query) })).total,
    /** find returns canonical EJSON documents, so that stored number types show. */
    find: async (collectionName, query = {}) => {
      const { list } = await act("database.getDocument", { collectionName, query: JSON.stringify(query) });
      return list.map((text) => JSON.parse(text));
    },
  };
}
