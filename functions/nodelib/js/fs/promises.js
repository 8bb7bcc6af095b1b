'use strict'

const fs = require('fs')

// Rejections come later, as results do.
const later = (name, args) => new Promise((resolve, reject) => {
  let settle
  try {
    const value = fs[`${name}Sync`](...args)
    settle = () => resolve(value)
  } catch (e) {
    settle = () => reject(e)
  }
  setImmediate(settle)
})

class FileHandle {
  #fd
  constructor(fd) { this.#fd = fd }
  get fd() { return this.#fd }
  async close() {
    const fd = this.#fd
    this.#fd = -1
    if (fd !== -1) await later('close', [fd])
  }
  async read(buffer, ...rest) {
    if (!ArrayBuffer.isView(buffer)) {
      rest = [{ offset: buffer?.offset, length: buffer?.length, position: buffer?.position }]
      buffer = buffer?.buffer ?? Buffer.alloc(16384)
    }
    return { bytesRead: await later('read', [this.#fd, buffer, ...rest]), buffer }
  }
  async write(data, ...rest) { return { bytesWritten: await later('write', [this.#fd, data, ...rest]), buffer: data } }
  readFile(options) { return later('readFile', [this.#fd, options]) }
  writeFile(data, options) { return later('writeFile', [this.#fd, data, options]) }
  appendFile(data, options) { return later('writeFile', [this.#fd, data, options]) }
  stat(options) { return later('fstat', [this.#fd, options]) }
  truncate(length) { return later('ftruncate', [this.#fd, length]) }
  sync() { return later('fsync', [this.#fd]) }
  datasync() { return later('fsync', [this.#fd]) }
  async chmod() {}
  async utimes() {}
  createReadStream(options) { return fs.createReadStream(null, { ...options, fd: this.#fd }) }
  createWriteStream(options) { return fs.createWriteStream(null, { ...options, fd: this.#fd }) }
  [Symbol.asyncDispose]() { return this.close() }
}

for (const name of [
  'access', 'appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'link', 'lstat', 'mkdir', 'mkdtemp', 'opendir', 'readdir', 'readlink', 'realpath',
  'rename', 'rm', 'rmdir', 'stat', 'symlink', 'truncate', 'unlink', 'utimes',
]) exports[name] = (...args) => later(name, args)

for (const name of ['readFile', 'writeFile']) {
  exports[name] = (path, ...args) => later(name, [path instanceof FileHandle ? path.fd : path, ...args])
}
exports.open = async (path, flags, mode) => new FileHandle(await later('open', [path, flags, mode]))
exports.constants = fs.constants
exports.FileHandle = FileHandle
