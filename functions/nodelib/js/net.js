'use strict'

const { Duplex } = require('stream')
const EventEmitter = require('events')
const { notAvailable } = require('internal/errors')

const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

function isIPv6(text) {
  text = String(text).replace(/%[^\s%]+$/, '')
  const tail = /(^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (tail) {
    if (!v4.test(tail[2])) return false
    text = text.slice(0, text.length - tail[2].length) + '0:0'
  }
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap(h => (h === '' ? [] : h.split(':')))
  if (!groups.every(g => /^[0-9a-fA-F]{1,4}$/.test(g))) return false
  return halves.length === 2 ? groups.length < 8 : groups.length === 8
}

const isIPv4 = text => v4.test(String(text))

class Socket extends Duplex {
  connect() {
    process.nextTick(() => this.destroy(notAvailable('net.connect')))
    return this
  }
  setTimeout() { return this }
  setKeepAlive() { return this }
  setNoDelay() { return this }
  ref() { return this }
  unref() { return this }
  address() { return {} }
  _read() {}
  _write(chunk, encoding, done) { done(notAvailable('net.Socket')) }
}

class Server extends EventEmitter { constructor() { super(); throw notAvailable('net.createServer') } }

module.exports = {
  Socket,
  Stream: Socket,
  Server,
  isIP: text => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0),
  isIPv4,
  isIPv6,
  connect: () => new Socket().connect(),
  createConnection: () => new Socket().connect(),
  createServer: () => new Server(),
  getDefaultAutoSelectFamily: () => true,
  setDefaultAutoSelectFamily() {},
}
