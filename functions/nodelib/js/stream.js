'use strict'

const stream = require('internal/npm/stream')

module.exports = stream
