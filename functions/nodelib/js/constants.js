'use strict'

const os = require('os').constants

module.exports = { ...os.errno, ...os.signals, ...os.priority, ...require('fs').constants, ...require('crypto').constants }
