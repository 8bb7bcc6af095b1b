// The first function of a new environment. Edit it, or deploy your own.
const cloud = require('wx-server-sdk')
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async (event) => {
  const { OPENID, ENV } = cloud.getWXContext()
  return { message: `hello, ${event.name || 'world'}`, env: ENV, openid: OPENID || null }
}
