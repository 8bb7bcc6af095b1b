// Says who calls. A WeChat user has an OPENID; others (a browser, Node) have
// the uid of their sign-in.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async () => {
  const { OPENID, APPID, UNIONID, TCB_UUID, ENV } = cloud.getWXContext()
  await ensureCollection('todos')
  console.log('login of', OPENID || TCB_UUID)
  return { owner: OPENID || TCB_UUID, openid: OPENID, appid: APPID, unionid: UNIONID, env: ENV }
}

/** Makes the example run on a fresh server; an existing collection stays as it is. */
async function ensureCollection(name) {
  try {
    await cloud.database().createCollection(name)
  } catch (err) {
    if (!/Table exist/.test(err.errMsg)) throw err
  }
}
