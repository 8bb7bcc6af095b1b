'use strict'

const { notAvailable } = require('internal/errors')

class Worker { constructor() { throw notAvailable('worker_threads.Worker') } }

module.exports = {
  Worker,
  isMainThread: true,
  parentPort: null,
  workerData: null,
  threadId: 0,
  resourceLimits: {},
  SHARE_ENV: Symbol.for('nodejs.worker_threads.SHARE_ENV'),
  get MessageChannel() { return MessageChannel },
  get MessagePort() { return MessagePort },
  BroadcastChannel: class BroadcastChannel { constructor() { throw notAvailable('BroadcastChannel') } },
  getEnvironmentData() {},
  setEnvironmentData() {},
  markAsUntransferable() {},
  moveMessagePortToContext() { throw notAvailable('worker_threads.moveMessagePortToContext') },
  receiveMessageOnPort() {},
}
