// result: {"request_id":"request-1","function_name":"suite","function_version":"$LATEST","namespace":"dev","memory_limit_in_mb":256,"time_limit_in_ms":3000,"environment":"{}","callbackWaitsForEmptyEventLoop":true,"remaining":true,"env":["dev","o-user"],"args":3}
exports.main = async function (event, context) {
  const { getRemainingTimeInMillis, ...rest } = context
  return { ...rest, remaining: getRemainingTimeInMillis() > 0, env: [process.env.TCB_ENV, process.env.WX_OPENID], args: arguments.length }
}
