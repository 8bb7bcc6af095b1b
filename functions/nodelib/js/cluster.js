'use strict'

const EventEmitter = require('events')
const { withoutFunctions } = require('internal/errors')

// There is one process, the primary.
const cluster = Object.assign(new EventEmitter(), { isMaster: true, isPrimary: true, isWorker: false, workers: {}, settings: {}, setupPrimary() {}, setupMaster() {}, disconnect() {} })

module.exports = withoutFunctions(cluster, 'cluster', ['fork'])
