'use strict'

const { invalidArgType, invalidArgValue, notAvailable } = require('internal/errors')

const constants = {
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1, COPYFILE_FICLONE: 2, COPYFILE_FICLONE_FORCE: 4,
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_SYNC: 1052672, O_DIRECTORY: 65536, O_NOFOLLOW: 131072,
  S_IFMT: 61440, S_IFREG: 32768, S_IFDIR: 16384, S_IFLNK: 40960, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64, UV_FS_SYMLINK_DIR: 1, UV_FS_O_FILEMAP: 0,
}

const flagBits = {
  __proto__: null,
  r: 0, rs: 0, 'r+': 2, 'rs+': 2, w: 1 | 64 | 512, wx: 1 | 64 | 512 | 128, xw: 1 | 64 | 512 | 128, 'w+': 2 | 64 | 512, 'wx+': 2 | 64 | 512 | 128, 'xw+': 2 | 64 | 512 | 128,
  a: 1 | 64 | 1024, ax: 1 | 64 | 1024 | 128, xa: 1 | 64 | 1024 | 128, as: 1 | 64 | 1024, 'a+': 2 | 64 | 1024, 'ax+': 2 | 64 | 1024 | 128, 'as+': 2 | 64 | 1024,
}

function flagsOf(flags, otherwise) {
  if (flags === undefined || flags === null) flags = otherwise
  if (typeof flags === 'number') return flags
  const bits = flagBits[flags]
  if (bits === undefined) throw invalidArgValue('flags', flags)
  return bits
}

function nameOf(path, argument = 'path') {
  if (typeof path === 'string') {
    if (path.includes('\0')) throw invalidArgValue(argument, path, 'must be a string, Uint8Array, or URL without null bytes')
    return path
  }
  if (path instanceof Uint8Array) return Buffer.from(path).toString()
  if (path !== null && typeof path === 'object' && path.href !== undefined) return require('url').fileURLToPath(path)
  throw invalidArgType(argument, 'of type string or an instance of Buffer or URL', path)
}

const optionsOf = (options, defaults) => (typeof options === 'string' ? { ...defaults, encoding: options } : { ...defaults, ...options })

function dataOf(data, encoding) {
  if (typeof data === 'string') return Buffer.from(data, encoding ?? 'utf8')
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  throw invalidArgType('data', 'of type string or an instance of Buffer, TypedArray, or DataView', data)
}

const decode = (arrayBuffer, encoding) => {
  const b = Buffer.from(arrayBuffer)
  return encoding && encoding !== 'buffer' ? b.toString(encoding) : b
}

// --- what describes files -----------------------------------------------------

class Stats {
  constructor([mode, size, mtimeMs, kind]) {
    Object.assign(this, {
      dev: 1, mode, nlink: 1, uid: 1000, gid: 1000, rdev: 0, blksize: 4096, ino: 1, size, blocks: Math.ceil(size / 512),
      atimeMs: mtimeMs, mtimeMs, ctimeMs: mtimeMs, birthtimeMs: mtimeMs,
      atime: new Date(mtimeMs), mtime: new Date(mtimeMs), ctime: new Date(mtimeMs), birthtime: new Date(mtimeMs),
    })
    Object.defineProperty(this, 'kind', { value: kind })
  }
  isFile() { return this.kind === 'f' }
  isDirectory() { return this.kind === 'd' }
  isSymbolicLink() { return this.kind === 'l' }
  isBlockDevice() { return false }
  isCharacterDevice() { return false }
  isFIFO() { return false }
  isSocket() { return false }
}

function stats(info, options) {
  const s = new Stats(info)
  if (options?.bigint) for (const key of Object.keys(s)) if (typeof s[key] === 'number') s[key] = BigInt(Math.trunc(s[key]))
  return s
}

class Dirent {
  constructor(name, kind, parent) {
    this.name = name
    this.path = this.parentPath = parent
    Object.defineProperty(this, 'kind', { value: kind })
  }
}
for (const name of ['isFile', 'isDirectory', 'isSymbolicLink', 'isBlockDevice', 'isCharacterDevice', 'isFIFO', 'isSocket']) {
  Object.defineProperty(Dirent.prototype, name, { value: Stats.prototype[name], writable: true, configurable: true })
}

function ifThere(options, look) {
  try {
    return look()
  } catch (e) {
    if (options?.throwIfNoEntry === false && (e.code === 'ENOENT' || e.code === 'ENOTDIR')) return undefined
    throw e
  }
}

function list(path, options) {
  const o = optionsOf(options)
  const out = []
  const walk = (dir, prefix) => {
    for (const [name, kind] of host.readdir(dir)) {
      const shown = prefix + name
      out.push(o.withFileTypes ? new Dirent(name, kind, dir) : o.encoding === 'buffer' ? Buffer.from(shown) : shown)
      if (o.recursive && kind === 'd') walk(`${dir}/${name}`, `${shown}/`)
    }
  }
  walk(nameOf(path), '')
  return out
}

// --- whole files ----------------------------------------------------------------

function readAll(fd) {
  const parts = []
  for (;;) {
    const b = Buffer.allocUnsafe(65536)
    const n = host.read(fd, b, null)
    if (n === 0) return Buffer.concat(parts)
    parts.push(b.subarray(0, n))
  }
}

function writeAll(fd, bytes, position = null) {
  for (let at = 0; at < bytes.length;) {
    const n = host.write(fd, bytes.subarray(at), position)
    at += n
    if (position !== null) position += n
  }
}

function writeFile(file, data, options, flag) {
  const o = optionsOf(options, { encoding: 'utf8', flag })
  const bytes = dataOf(data, o.encoding)
  if (typeof file === 'number') return writeAll(file, bytes)
  const fd = host.open(nameOf(file), flagsOf(o.flag, flag))
  try { writeAll(fd, bytes) } finally { host.close(fd) }
}

function copy(from, to, mode = 0) {
  const bytes = Buffer.from(host.readFile(nameOf(from, 'src')))
  const fd = host.open(nameOf(to, 'dest'), mode & 1 ? flagBits.wx : flagBits.w)
  try { writeAll(fd, bytes) } finally { host.close(fd) }
}

function copyTree(from, to, options = {}) {
  from = nameOf(from, 'src')
  to = nameOf(to, 'dest')
  if (options.filter && !options.filter(from, to)) return
  if (host.stat(from, true)[3] !== 'd') {
    if (options.errorOnExist && exists(to)) throw Object.assign(new Error(`Target already exists: ${to}`), { code: 'ERR_FS_CP_EEXIST' })
    if (options.force !== false || !exists(to)) copy(from, to)
    return
  }
  if (!options.recursive) throw Object.assign(new Error(`Recursive option not enabled, cannot copy a directory: cp returned EISDIR (${from} is a directory (not copied))`), { code: 'ERR_FS_EISDIR' })
  host.mkdir(to, true)
  for (const [name] of host.readdir(from)) copyTree(`${from}/${name}`, `${to}/${name}`, options)
}

function exists(path) {
  try {
    host.access(nameOf(path), 0)
    return true
  } catch {
    return false
  }
}

function remove(path, { recursive = false, force = false } = {}) {
  const name = nameOf(path)
  let kind
  try {
    kind = host.stat(name, false)[3]
  } catch (e) {
    if (force && e.code === 'ENOENT') return
    throw e
  }
  if (kind === 'd' && !recursive) {
    throw Object.assign(new Error(`Path is a directory: rm returned EISDIR (is a directory) ${name}`), { code: 'ERR_FS_EISDIR', name: 'SystemError' })
  }
  host.remove(name, recursive ? 'tree' : 'file')
}

function range(buffer, offset, length, position) {
  if (offset !== null && typeof offset === 'object') ({ offset, length, position } = offset)
  offset ??= 0
  length ??= buffer.byteLength - offset
  return [new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length), typeof position === 'bigint' ? Number(position) : position ?? null]
}

// --- the synchronous form ---------------------------------------------------------

const sync = {
  readFile(path, options) {
    const { encoding } = optionsOf(options)
    if (typeof path === 'number') return decode(readAll(path), encoding)
    return decode(host.readFile(nameOf(path)), encoding)
  },
  writeFile: (path, data, options) => writeFile(path, data, options, 'w'),
  appendFile: (path, data, options) => writeFile(path, data, options, 'a'),
  stat: (path, options) => ifThere(options, () => stats(host.stat(nameOf(path), true), options)),
  lstat: (path, options) => ifThere(options, () => stats(host.stat(nameOf(path), false), options)),
  fstat: (fd, options) => stats(host.fstat(fd), options),
  readdir: list,
  mkdir: (path, options) => host.mkdir(nameOf(path), Boolean(options?.recursive)),
  mkdtemp: prefix => host.mkdtemp(nameOf(prefix, 'prefix')),
  rm: remove,
  rmdir: (path, options) => host.remove(nameOf(path), options?.recursive ? 'tree' : 'dir'),
  unlink: path => host.remove(nameOf(path), 'file'),
  rename: (from, to) => host.rename(nameOf(from, 'oldPath'), nameOf(to, 'newPath')),
  copyFile: copy,
  cp: copyTree,
  truncate: (path, length = 0) => host.truncate(nameOf(path), length),
  ftruncate: (fd, length = 0) => host.ftruncate(fd, length),
  access: (path, mode = 0) => host.access(nameOf(path), mode),
  realpath: path => host.realpath(nameOf(path)),
  readlink: path => host.readlink(nameOf(path)),
  symlink: (target, path) => host.link(nameOf(target, 'target'), nameOf(path), true),
  link: (from, to) => host.link(nameOf(from, 'existingPath'), nameOf(to, 'newPath'), false),
  utimes: (path, atime, mtime) => host.utimes(nameOf(path), Number(atime instanceof Date ? atime / 1000 : atime), Number(mtime instanceof Date ? mtime / 1000 : mtime)),
  chmod: path => host.access(nameOf(path), 2),
  chown: path => host.access(nameOf(path), 2),
  open: (path, flags) => host.open(nameOf(path), flagsOf(flags, 'r')),
  close: fd => host.close(fd),
  fsync: fd => host.sync(fd),
  fdatasync: fd => host.sync(fd),
  read: (fd, buffer, ...rest) => host.read(fd, ...range(buffer, ...rest)),
  write(fd, data, ...rest) {
    if (typeof data === 'string') return host.write(fd, Buffer.from(data, rest[1]), rest[0] ?? null)
    return host.write(fd, ...range(data, ...rest))
  },
  readv: (fd, views, position) => views.reduce((n, v) => n + host.read(fd, v, position === undefined || position === null ? null : position + n), 0),
  writev: (fd, views, position) => views.reduce((n, v) => n + host.write(fd, v, position === undefined || position === null ? null : position + n), 0),
  opendir: path => dir(nameOf(path)),
}

function dir(path) {
  const entries = list(path, { withFileTypes: true })
  return {
    path,
    readSync: () => entries.shift() ?? null,
    read: async () => entries.shift() ?? null,
    closeSync() {},
    async close() {},
    [Symbol.iterator]: () => entries[Symbol.iterator](),
    [Symbol.asyncIterator]() {
      return { next: async () => (entries.length > 0 ? { value: entries.shift(), done: false } : { value: undefined, done: true }), return: async () => ({ value: undefined, done: true }) }
    },
  }
}

// --- callbacks --------------------------------------------------------------------

// Results with more than one value.
const spread = {
  read: (n, [, buffer]) => [n, buffer],
  write: (n, [, data]) => [n, data],
  readv: (n, [, views]) => [n, views],
  writev: (n, [, views]) => [n, views],
}

function callbackForm(name) {
  const work = sync[name]
  const form = {
    [name](...args) {
      const callback = args.pop()
      if (typeof callback !== 'function') throw invalidArgType('cb', 'of type function', callback)
      let outcome
      try {
        const value = work(...args)
        outcome = spread[name] ? [null, ...spread[name](value, args)] : value === undefined ? [null] : [null, value]
      } catch (e) {
        if (String(e.code).startsWith('ERR_INVALID')) throw e
        outcome = [e]
      }
      setImmediate(() => callback(...outcome))
    },
  }
  return form[name]
}

const fs = { constants, Stats, Dirent, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 }
for (const name of Object.keys(sync)) {
  fs[`${name}Sync`] = { [`${name}Sync`]: (...args) => sync[name](...args) }[`${name}Sync`]
  fs[name] = callbackForm(name)
}
fs.realpath.native = fs.realpath
fs.realpathSync.native = fs.realpathSync
fs.lchmod = fs.lchown = fs.fchmod = fs.fchown = fs.futimes = fs.lutimes = (...args) => setImmediate(args.pop(), null)
fs.lchmodSync = fs.lchownSync = fs.fchmodSync = fs.fchownSync = fs.futimesSync = fs.lutimesSync = () => {}
fs.existsSync = exists
fs.exists = (path, callback) => { setImmediate(callback, exists(path)) }
Object.defineProperty(fs.exists, Symbol.for('nodejs.util.promisify.custom'), { value: async path => exists(path) })
for (const name of ['read', 'write']) {
  Object.defineProperty(fs[name], Symbol.for('nodejs.util.promisify.custom'), {
    value: (fd, buffer, ...rest) => new Promise((resolve, reject) => {
      fs[name](fd, buffer, ...rest, (e, n) => (e ? reject(e) : resolve({ [name === 'read' ? 'bytesRead' : 'bytesWritten']: n, buffer })))
    }),
  })
}
fs.watch = fs.watchFile = () => { throw notAvailable('fs.watch') }
fs.unwatchFile = () => {}
fs.createReadStream = (...args) => require('internal/fsstreams').createReadStream(...args)
fs.createWriteStream = (...args) => require('internal/fsstreams').createWriteStream(...args)
for (const name of ['ReadStream', 'WriteStream']) {
  Object.defineProperty(fs, name, { configurable: true, enumerable: true, get: () => require('internal/fsstreams')[name], set(v) { Object.defineProperty(fs, name, { value: v, writable: true }) } })
}
Object.defineProperty(fs, 'promises', { configurable: true, enumerable: true, get: () => require('fs/promises') })

module.exports = fs
