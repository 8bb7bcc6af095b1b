'use strict'

const net = require('net')
const { notAvailable } = require('internal/errors')

class TLSSocket extends net.Socket {}

module.exports = {
  TLSSocket,
  connect() { throw notAvailable('tls.connect') },
  createServer() { throw notAvailable('tls.createServer') },
  createSecureContext: () => ({}),
  checkServerIdentity() {},
  getCiphers: () => [],
  rootCertificates: [],
  DEFAULT_MIN_VERSION: 'TLSv1.2',
  DEFAULT_MAX_VERSION: 'TLSv1.3',
  DEFAULT_ECDH_CURVE: 'auto',
}
