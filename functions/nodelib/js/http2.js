'use strict'

const { notAvailable } = require('internal/errors')

module.exports = {
  constants: { HTTP2_HEADER_STATUS: ':status', HTTP2_HEADER_METHOD: ':method', HTTP2_HEADER_PATH: ':path', HTTP2_HEADER_AUTHORITY: ':authority', HTTP2_HEADER_SCHEME: ':scheme', HTTP2_HEADER_CONTENT_LENGTH: 'content-length', HTTP2_METHOD_GET: 'GET', NGHTTP2_CANCEL: 8 },
  connect() { throw notAvailable('http2.connect') },
  createServer() { throw notAvailable('http2.createServer') },
  createSecureServer() { throw notAvailable('http2.createSecureServer') },
}
