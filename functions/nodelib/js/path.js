'use strict'

const path = require('internal/npm/path')

path.posix = path
path.win32 = { ...path, sep: '\\', delimiter: ';' }
path.toNamespacedPath = p => p
path.matchesGlob = () => { throw new Error('path.matchesGlob is not available in cloud functions') }
module.exports = path
