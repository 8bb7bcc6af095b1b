'use strict'

const { notAvailable } = require('internal/errors')

class ReadStream { constructor() { throw notAvailable('tty.ReadStream') } }
class WriteStream { constructor() { throw notAvailable('tty.WriteStream') } }

module.exports = { isatty: () => false, ReadStream, WriteStream }
