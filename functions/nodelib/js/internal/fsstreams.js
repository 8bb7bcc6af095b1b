// fs.createReadStream and fs.createWriteStream.
'use strict'

const { Readable, Writable } = require('stream')
const fs = require('fs')

const optionsOf = options => (typeof options === 'string' ? { encoding: options } : { ...options })

class ReadStream extends Readable {
  constructor(path, options) {
    const o = optionsOf(options)
    super({ highWaterMark: o.highWaterMark ?? 65536, encoding: o.encoding, emitClose: o.emitClose ?? true, autoDestroy: o.autoClose ?? true })
    this.path = path
    this.fd = o.fd?.fd ?? o.fd ?? null
    this.bytesRead = 0
    this.pos = o.start
    this.end = o.end ?? Infinity
    this.own = o.autoClose ?? true
    this.flags = o.flags ?? 'r'
  }
  _construct(done) {
    if (this.fd !== null) return done()
    fs.open(this.path, this.flags, (e, fd) => {
      if (e) return done(e)
      this.fd = fd
      done()
      this.emit('open', fd)
      this.emit('ready')
    })
  }
  _read(size) {
    const left = this.pos === undefined ? this.end + 1 - this.bytesRead : this.end + 1 - this.pos
    const want = Math.min(size, left)
    if (want <= 0) return void this.push(null)
    const buffer = Buffer.allocUnsafe(want)
    fs.read(this.fd, buffer, 0, want, this.pos ?? null, (e, n) => {
      if (e) return this.destroy(e)
      if (this.pos !== undefined) this.pos += n
      this.bytesRead += n
      this.push(n > 0 ? buffer.subarray(0, n) : null)
    })
  }
  _destroy(e, done) {
    const fd = this.fd
    this.fd = null
    if (fd === null || !this.own) return done(e)
    fs.close(fd, failed => done(e ?? failed))
  }
  close(done) {
    if (done) this.once('close', done)
    this.destroy()
  }
  get pending() { return this.fd === null }
}

class WriteStream extends Writable {
  constructor(path, options) {
    const o = optionsOf(options)
    super({ highWaterMark: o.highWaterMark, decodeStrings: true, defaultEncoding: o.encoding ?? 'utf8', emitClose: o.emitClose ?? true, autoDestroy: o.autoClose ?? true })
    this.path = path
    this.fd = o.fd?.fd ?? o.fd ?? null
    this.bytesWritten = 0
    this.pos = o.start
    this.own = o.autoClose ?? true
    this.flags = o.flags ?? 'w'
  }
  _construct(done) {
    if (this.fd !== null) return done()
    fs.open(this.path, this.flags, (e, fd) => {
      if (e) return done(e)
      this.fd = fd
      done()
      this.emit('open', fd)
      this.emit('ready')
    })
  }
  _write(chunk, encoding, done) {
    fs.write(this.fd, chunk, 0, chunk.length, this.pos ?? null, (e, n) => {
      if (e) return done(e)
      if (this.pos !== undefined) this.pos += n
      this.bytesWritten += n
      if (n < chunk.length) return this._write(chunk.subarray(n), encoding, done)
      done()
    })
  }
  _destroy(e, done) {
    const fd = this.fd
    this.fd = null
    if (fd === null || !this.own) return done(e)
    fs.close(fd, failed => done(e ?? failed))
  }
  close(done) {
    if (done) {
      if (this.closed) return process.nextTick(done)
      this.once('close', done)
    }
    if (!this.own) this.once('finish', () => this.destroy())
    this.end()
  }
  get pending() { return this.fd === null }
}

// Both may be called without new.
function callable(Class) {
  function f(path, options) { return Reflect.construct(Class, [path, options], new.target ?? Class) }
  f.prototype = Class.prototype
  return Object.defineProperty(f, 'name', { value: Class.name })
}

module.exports = {
  ReadStream: callable(ReadStream),
  WriteStream: callable(WriteStream),
  createReadStream: (path, options) => new ReadStream(path, options),
  createWriteStream: (path, options) => new WriteStream(path, options),
}
