'use strict'

const { coded, invalidArgType, outOfRange, notAvailable } = require('internal/errors')
const { lazyStream } = require('internal/lazystream')

const wrap = arrayBuffer => Buffer.from(arrayBuffer)

function bytes(data, name, encoding) {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding)
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data
  if (data instanceof KeyObject) return data.secret()
  throw invalidArgType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data)
}

const out = (arrayBuffer, encoding) => (encoding && encoding !== 'buffer' ? wrap(arrayBuffer).toString(encoding) : wrap(arrayBuffer))

// --- digests ------------------------------------------------------------------

class Hash {
  #h
  #done = false
  constructor(h) { this.#h = h }
  update(data, encoding) {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
    this.#h.update(bytes(data, 'data', encoding))
    return this
  }
  digest(encoding) {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
    this.#done = true
    return out(this.#h.digest(), encoding)
  }
  copy() {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called')
    return new Hash(this.#h.copy())
  }
  _transform(chunk, encoding, done) {
    this.update(chunk, encoding)
    done()
  }
  _flush(done) {
    this.push(wrap(this.#h.digest())) // digest may still be asked for
    done()
  }
}

lazyStream(Hash)

class Hmac extends Hash {}

const createHash = name => {
  if (typeof name !== 'string') throw invalidArgType('algorithm', 'of type string', name)
  return new Hash(host.hash(name))
}
const createHmac = (name, key) => {
  if (typeof name !== 'string') throw invalidArgType('hmac', 'of type string', name)
  return new Hmac(host.hmac(name, bytes(key, 'key')))
}
const hash = (name, data, encoding = 'hex') => createHash(name).update(data).digest(encoding)

// --- random -------------------------------------------------------------------

function later(callback, produce) {
  if (typeof callback !== 'function') throw invalidArgType('callback', 'of type function', callback)
  const value = produce()
  setImmediate(() => callback(null, value))
}

function randomBytes(size, callback) {
  if (typeof size !== 'number') throw invalidArgType('size', 'of type number', size)
  if (!(size >= 0 && size <= 2147483647)) throw outOfRange('size', '>= 0 && <= 2147483647', size)
  if (callback === undefined) return wrap(host.random(size))
  later(callback, () => wrap(host.random(size)))
}

function randomFillSync(target, offset = 0, size = target.byteLength - offset) {
  const view = ArrayBuffer.isView(target) ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength) : new Uint8Array(target)
  view.set(new Uint8Array(host.random(size)), offset)
  return target
}

function randomFill(target, ...rest) {
  const callback = rest.pop()
  later(callback, () => randomFillSync(target, ...rest))
}

function randomUUID() {
  const b = wrap(host.random(16))
  b[6] = (b[6] & 0x0f) | 0x40
  b[8] = (b[8] & 0x3f) | 0x80
  const h = b.toString('hex')
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`
}

function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') [min, max, callback] = [0, min, max]
  if (!Number.isSafeInteger(min)) throw invalidArgType('min', 'a safe integer', min)
  if (!Number.isSafeInteger(max)) throw invalidArgType('max', 'a safe integer', max)
  if (max <= min) throw outOfRange('max', `greater than the value of "min" (${min})`, max)
  const range = max - min
  if (range > 281474976710655) throw outOfRange('max - min', '<= 281474976710655', range)
  const limit = 281474976710656 - (281474976710656 % range)
  let n
  do n = wrap(host.random(6)).readUIntBE(0, 6)
  while (n >= limit)
  const value = min + (n % range)
  if (callback === undefined) return value
  setImmediate(() => callback(null, value))
}

// --- key derivation -------------------------------------------------------------

function answer(promise, callback) {
  if (typeof callback !== 'function') throw invalidArgType('callback', 'of type function', callback)
  promise.then(b => process.nextTick(callback, null, wrap(b)), e => process.nextTick(callback, e))
}

const pbkdf2Args = (password, salt, iterations, length, digest) => {
  if (typeof digest !== 'string') throw invalidArgType('digest', 'of type string', digest)
  return [bytes(password, 'password'), bytes(salt, 'salt'), iterations, length, digest]
}
const scryptArgs = (password, salt, length, o = {}) => [
  bytes(password, 'password'), bytes(salt, 'salt'), length, o.N ?? o.cost ?? 16384, o.r ?? o.blockSize ?? 8, o.p ?? o.parallelization ?? 1, o.maxmem ?? 32 * 1024 * 1024,
]
const hkdfArgs = (digest, key, salt, info, length) => [digest, bytes(key, 'key'), bytes(salt, 'salt'), bytes(info, 'info'), length]

const pbkdf2Sync = (...args) => wrap(host.pbkdf2(false, ...pbkdf2Args(...args)))
const pbkdf2 = (p, s, i, l, d, callback) => answer(host.pbkdf2(true, ...pbkdf2Args(p, s, i, l, d)), callback)
const scryptSync = (...args) => wrap(host.scrypt(false, ...scryptArgs(...args)))
const scrypt = (p, s, l, o, callback) => {
  if (typeof o === 'function') [o, callback] = [undefined, o]
  answer(host.scrypt(true, ...scryptArgs(p, s, l, o)), callback)
}
const hkdfSync = (...args) => host.hkdf(false, ...hkdfArgs(...args))
const hkdf = (d, k, s, i, l, callback) => answer(host.hkdf(true, ...hkdfArgs(d, k, s, i, l)), (e, b) => callback(e, b?.buffer))

// --- ciphers --------------------------------------------------------------------

class Cipher {
  #c
  #done = false
  constructor(name, key, iv, options, decrypt) {
    if (typeof name !== 'string') throw invalidArgType('cipher', 'of type string', name)
    this.#c = host.cipher(name, bytes(key, 'key'), iv === null || iv === undefined ? null : bytes(iv, 'iv'), decrypt, options?.authTagLength)
  }
  update(data, inputEncoding, outputEncoding) {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Trying to add data in unsupported state')
    return out(this.#c.update(bytes(data, 'data', inputEncoding)), outputEncoding)
  }
  final(outputEncoding) {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Unsupported state')
    this.#done = true
    return out(this.#c.final(), outputEncoding)
  }
  setAutoPadding(on = true) {
    this.#c.padding(Boolean(on))
    return this
  }
  setAAD(data) {
    this.#c.aad(bytes(data, 'buffer'))
    return this
  }
  getAuthTag() { return wrap(this.#c.tag()) }
  setAuthTag(tag, encoding) {
    this.#c.setTag(bytes(tag, 'buffer', encoding))
    return this
  }
  _transform(chunk, encoding, done) {
    this.push(this.update(chunk, encoding))
    done()
  }
  _flush(done) {
    try {
      this.push(this.final())
      done()
    } catch (e) { done(e) }
  }
}
lazyStream(Cipher)

class Cipheriv extends Cipher {}
class Decipheriv extends Cipher {}

const createCipheriv = (name, key, iv, options) => new Cipheriv(name, key, iv, options, false)
const createDecipheriv = (name, key, iv, options) => new Decipheriv(name, key, iv, options, true)
const getCiphers = () => Array.from(host.cipherInfo()).sort()
const getCipherInfo = name => {
  const info = host.cipherInfo(name)
  return info && { mode: info[2], name: String(name).toLowerCase(), keyLength: info[0], ...(info[1] > 0 && { ivLength: info[1] }) }
}

// --- keys -----------------------------------------------------------------------

const create = Symbol('create')

class KeyObject {
  #kind
  #info
  constructor(key, kind, info) {
    if (key !== create) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor')
    this.#kind = kind
    this.#info = info
  }
  get type() { return this.#kind }
  get asymmetricKeyType() { return this.#info.type }
  get asymmetricKeyDetails() {
    const { type, bits, exponent, curve } = this.#info
    if (type === 'rsa') return { modulusLength: bits, publicExponent: BigInt(exponent) }
    if (type === 'ec') return { namedCurve: curve }
    return this.#kind === 'secret' ? undefined : {}
  }
  get symmetricKeySize() { return this.#kind === 'secret' ? this.#info.bytes.length : undefined }
  secret() {
    if (this.#kind !== 'secret') throw coded(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${this.#kind}, expected secret.`)
    return this.#info.bytes
  }
  der() { return this.#info.der }
  equals(other) {
    const raw = k => (k.type === 'secret' ? k.secret() : wrap(k.der()))
    return this.type === other.type && raw(this).equals(raw(other))
  }
  export(options = {}) {
    if (this.#kind === 'secret') return options.format === 'jwk' ? { kty: 'oct', k: this.#info.bytes.toString('base64url') } : Buffer.from(this.#info.bytes)
    if (options.format === 'jwk') throw notAvailable("the key format 'jwk'")
    if (options.cipher) throw notAvailable('the export of encrypted keys')
    const result = host.exportKey(this.#info.der, options.type ?? (this.#kind === 'private' ? 'pkcs8' : 'spki'), options.format !== 'der')
    return typeof result === 'string' ? result : wrap(result)
  }
  static from() { throw notAvailable('KeyObject.from') }
}
for (const name of ['secret', 'der']) Object.defineProperty(KeyObject.prototype, name, { enumerable: false })

function material(key) {
  if (typeof key === 'string' || ArrayBuffer.isView(key) || key instanceof ArrayBuffer) return bytes(key, 'key')
  if (key !== null && typeof key === 'object' && key.key !== undefined && !(key instanceof KeyObject)) {
    if (key.passphrase) throw notAvailable('a key with a passphrase')
    if (key.format === 'jwk') throw notAvailable("the key format 'jwk'")
    return material(key.key)
  }
  throw invalidArgType('key', 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, or KeyObject', key)
}

const keyObject = info => new KeyObject(create, info.kind, info)

function createPrivateKey(key) {
  const info = host.parseKey(material(key))
  if (info.kind !== 'private') throw coded(Error, 'ERR_OSSL_UNSUPPORTED', 'error:1E08010C:DECODER routines::unsupported')
  return keyObject(info)
}

function createPublicKey(key) {
  if (key?.key instanceof KeyObject) key = key.key
  if (key instanceof KeyObject) return keyObject(host.publicOf(key.der()))
  return keyObject(host.publicOf(host.parseKey(material(key)).der))
}

const createSecretKey = (key, encoding) => new KeyObject(create, 'secret', { bytes: Buffer.from(bytes(key, 'key', encoding)) })

// The DER of whatever may stand for a key.
function der(key) {
  if (key instanceof KeyObject) {
    if (key.type === 'secret') throw coded(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', 'Invalid key object type secret, expected private or public.')
    return key.der()
  }
  if (key?.key instanceof KeyObject) return der(key.key)
  return host.parseKey(material(key)).der
}

function encoded(info, encoding) {
  const key = keyObject(info)
  return encoding ? key.export(encoding) : key
}

function generateKeyPairSync(type, o = {}) {
  const info = host.generate(type, type === 'ec' ? o.namedCurve : o.modulusLength)
  return { publicKey: encoded(host.publicOf(info.der), o.publicKeyEncoding), privateKey: encoded(info, o.privateKeyEncoding) }
}

function generateKeyPair(type, o, callback) {
  setImmediate(() => {
    let pair
    try { pair = generateKeyPairSync(type, o) } catch (e) { return callback(e) }
    callback(null, pair.publicKey, pair.privateKey)
  })
}
Object.defineProperty(generateKeyPair, Symbol.for('nodejs.util.promisify.custom'), { value: async (type, o) => generateKeyPairSync(type, o) })

// --- signatures -----------------------------------------------------------------

const signOptions = (digest, key) => [digest ?? null, key?.padding ?? null, key?.saltLength ?? null, key?.dsaEncoding ?? null]

class Signer {
  #digest
  #parts = []
  constructor(digest) {
    this.#digest = digest
    if (!/ed25519/i.test(digest)) host.hash(digest)
  }
  update(data, encoding) {
    this.#parts.push(Buffer.from(bytes(data, 'data', encoding)))
    return this
  }
  _transform(chunk, encoding, done) {
    this.update(chunk, encoding)
    done()
  }
  static data(s) { return [Buffer.concat(s.#parts), s.#digest] }
}
const { data: signed } = Signer
delete Signer.data
lazyStream(Signer)

class Sign extends Signer {
  sign(key, encoding) {
    const [data, digest] = signed(this)
    return out(host.sign(der(key), data, ...signOptions(digest, key)), encoding)
  }
}
class Verify extends Signer {
  verify(key, signature, encoding) {
    const [data, digest] = signed(this)
    return host.verify(der(key), data, bytes(signature, 'signature', encoding), ...signOptions(digest, key))
  }
}

function sign(digest, data, key, callback) {
  const work = () => wrap(host.sign(der(key), bytes(data, 'data'), ...signOptions(digest, key)))
  return callback ? later(callback, work) : work()
}
function verify(digest, data, key, signature, callback) {
  const work = () => host.verify(der(key), bytes(data, 'data'), bytes(signature, 'signature'), ...signOptions(digest, key))
  return callback ? later(callback, work) : work()
}

const constants = {
  RSA_PKCS1_PADDING: 1, RSA_NO_PADDING: 3, RSA_PKCS1_OAEP_PADDING: 4, RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2,
  SSL_OP_ALL: 2147485776, SSL_OP_NO_SSLv2: 0, SSL_OP_NO_SSLv3: 33554432, SSL_OP_LEGACY_SERVER_CONNECT: 4, defaultCipherList: '', TLS1_2_VERSION: 771, TLS1_3_VERSION: 772,
}

const rsa = (operation, padding) => (key, data) => wrap(host.rsa(operation, der(key), bytes(data, 'buffer'), key?.padding ?? padding, key?.oaepHash ?? 'sha1', key?.oaepLabel ?? null))

class X509Certificate {
  #info
  constructor(data) { this.#info = host.certificate(bytes(data, 'buffer')) }
  get serialNumber() { return this.#info.serialNumber }
  get subject() { return this.#info.subject }
  get issuer() { return this.#info.issuer }
  get validFrom() { return this.#info.validFrom }
  get validTo() { return this.#info.validTo }
  get ca() { return this.#info.ca }
  get raw() { return wrap(this.#info.raw) }
  get publicKey() { return createPublicKey({ key: wrap(this.#info.publicKey) }) }
  get fingerprint256() { return createHash('sha256').update(this.raw).digest('hex').toUpperCase().match(/../g).join(':') }
  get fingerprint() { return createHash('sha1').update(this.raw).digest('hex').toUpperCase().match(/../g).join(':') }
  toString() { return `-----BEGIN CERTIFICATE-----\n${this.raw.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n` }
}

// --- web crypto -------------------------------------------------------------------

const webName = a => String(typeof a === 'string' ? a : a?.name).toUpperCase()

class SubtleCrypto {
  async digest(algorithm, data) { return createHash(webName(algorithm)).update(data).digest().buffer }
}
for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'generateKey', 'deriveKey', 'deriveBits', 'importKey', 'exportKey', 'wrapKey', 'unwrapKey']) {
  SubtleCrypto.prototype[name] = async () => { throw new DOMException(`crypto.subtle.${name} is not available in cloud functions`, 'NotSupportedError') }
}

const webcrypto = {
  subtle: new SubtleCrypto(),
  getRandomValues(view) {
    if (!ArrayBuffer.isView(view) || view instanceof Float32Array || view instanceof Float64Array) throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError')
    if (view.byteLength > 65536) throw new DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError')
    return randomFillSync(view)
  },
  randomUUID,
}

module.exports = {
  Hash, Hmac, Cipheriv, Decipheriv, Sign, Verify, KeyObject, X509Certificate,
  createHash, createHmac, hash, getHashes: () => Array.from(host.hashes()),
  randomBytes, pseudoRandomBytes: randomBytes, randomFill, randomFillSync, randomUUID, randomInt,
  timingSafeEqual: (a, b) => host.equal(bytes(a, 'buf1'), bytes(b, 'buf2')),
  pbkdf2, pbkdf2Sync, scrypt, scryptSync, hkdf, hkdfSync,
  createCipheriv, createDecipheriv, getCiphers, getCipherInfo,
  createPrivateKey, createPublicKey, createSecretKey, generateKeyPair, generateKeyPairSync,
  createSign: digest => new Sign(digest),
  createVerify: digest => new Verify(digest),
  sign, verify,
  publicEncrypt: rsa('publicEncrypt', 4),
  privateDecrypt: rsa('privateDecrypt', 4),
  privateEncrypt: rsa('privateEncrypt', 1),
  publicDecrypt: rsa('publicDecrypt', 1),
  getCurves: () => ['prime256v1', 'secp384r1', 'secp521r1'],
  getFips: () => 0,
  constants,
  webcrypto,
  subtle: webcrypto.subtle,
  getRandomValues: webcrypto.getRandomValues,
}
for (const name of ['createCipher', 'createDecipher', 'createDiffieHellman', 'createDiffieHellmanGroup', 'getDiffieHellman', 'createECDH', 'diffieHellman', 'generatePrime', 'generatePrimeSync', 'checkPrime', 'setEngine', 'secureHeapUsed']) {
  module.exports[name] = () => { throw notAvailable(`crypto.${name}`) }
}
