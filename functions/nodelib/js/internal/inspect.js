// util.inspect as Node 20 writes it.
'use strict'

const { join } = require('internal/layout')

const custom = Symbol.for('nodejs.util.inspect.custom')
const defaults = {
  depth: 2, showHidden: false, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10000, breakLength: 128, compact: 3, sorted: false, getters: false, numericSeparator: false,
}

// For console lines Node breaks at 80 columns when it does not know better.
const lineLength = 80

const identifier = /^[a-zA-Z_][a-zA-Z_0-9]*$/
const objectKeys = Object.keys
const toStringTag = Symbol.toStringTag
const tagOf = v => Object.prototype.toString.call(v).slice(8, -1)
const typedArrayTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), toStringTag).get

const escapes = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\' }
const control = /[\x00-\x1f\x7f-\x9f\\]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

function quote(text) {
  let q = "'"
  if (text.includes("'")) {
    if (!text.includes('"')) q = '"'
    else if (!text.includes('`') && !text.includes('${')) q = '`'
  }
  const body = text.replace(control, c => escapes[c] ?? (c.charCodeAt(0) > 255 ? '\\u' + c.charCodeAt(0).toString(16).toUpperCase() : '\\x' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')))
  return q + (q === "'" ? body.replace(/'/g, "\\'") : body) + q
}

function primitive(ctx, v, typed) {
  if (typeof v === 'string') {
    let rest = ''
    if (v.length > ctx.maxStringLength) {
      const left = v.length - ctx.maxStringLength
      v = v.slice(0, ctx.maxStringLength)
      rest = `... ${left} more character${left > 1 ? 's' : ''}`
    }
    if (!typed && ctx.compact !== true && v.length > 16 && v.length > ctx.breakLength - ctx.indent - 4) {
      return v.split(/(?<=\n)/).map(quote).join(` +\n${' '.repeat(ctx.indent + 2)}`) + rest
    }
    return quote(v) + rest
  }
  if (typeof v === 'number') return Object.is(v, -0) ? '-0' : String(v)
  if (typeof v === 'bigint') return v + 'n'
  return String(v)
}

function isInstance(v, proto) {
  try { return v instanceof proto } catch { return false }
}

// The name of the class of v, null for an object without a prototype.
function className(v) {
  for (let o = v; o !== null; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, 'constructor')
    if (d && typeof d.value === 'function' && d.value.name !== '' && isInstance(v, d.value)) return d.value.name
  }
  return null
}

function prefix(name, tag, fallback, size = '') {
  if (name === null) {
    return tag !== '' && fallback !== tag ? `[${fallback}${size}: null prototype] [${tag}] ` : `[${fallback}${size}: null prototype] `
  }
  return tag !== '' && name !== tag ? `${name}${size} [${tag}] ` : `${name}${size} `
}

function extraTag(v, name) {
  if (Object.prototype.propertyIsEnumerable.call(v, toStringTag)) return '' // it is listed anyway
  let tag = v[toStringTag]
  if (typeof tag !== 'string' || tag === '' || tag === name) tag = ''
  return tag
}

function keysOf(ctx, v) {
  let keys
  const symbols = Object.getOwnPropertySymbols(v)
  if (ctx.showHidden) {
    keys = Object.getOwnPropertyNames(v)
    if (symbols.length > 0) keys.push(...symbols)
    return keys
  }
  keys = objectKeys(v)
  for (const s of symbols) if (Object.prototype.propertyIsEnumerable.call(v, s)) keys.push(s)
  return keys
}

const isIndex = key => typeof key === 'string' && /^(0|[1-9][0-9]*)$/.test(key)

// --- properties -------------------------------------------------------------

const inObject = 0
const inArray = 1
const inMap = 2

function property(ctx, v, depth, key, kind) {
  const d = Object.getOwnPropertyDescriptor(v, key) ?? { value: v[key], enumerable: true }
  let text
  let gap = ' '
  if ('value' in d && d.get === undefined && d.set === undefined) {
    const more = ctx.compact !== true || kind !== inObject ? 2 : 3
    ctx.indent += more
    text = format(ctx, d.value, depth)
    if (more === 3 && ctx.breakLength < text.length) gap = `\n${' '.repeat(ctx.indent)}`
    ctx.indent -= more
  } else if (d.get !== undefined) {
    text = d.set !== undefined ? '[Getter/Setter]' : '[Getter]'
    if (ctx.getters) {
      try {
        ctx.indent += 2
        text = `[Getter: ${format(ctx, v[key], depth)}]`
        ctx.indent -= 2
      } catch (e) { text = `[Getter: <Inspection threw (${e.message})>]` }
    }
  } else text = d.set !== undefined ? '[Setter]' : 'undefined'
  if (kind === inArray) return text
  let name
  if (typeof key === 'symbol') name = `[${String(key)}]`
  else if (key === '__proto__') name = "['__proto__']"
  else if (d.enumerable === false) name = `[${key}]`
  else name = identifier.test(key) ? key : quote(key)
  return `${name}:${gap}${text}`
}

// --- the classes ------------------------------------------------------------

function more(left) { return `... ${left} more item${left > 1 ? 's' : ''}` }

function arrayItems(ctx, v, depth) {
  const out = []
  let holes = 0
  const limit = Math.min(Math.max(0, ctx.maxArrayLength), v.length)
  let i = 0
  const flush = () => {
    if (holes > 0) out.push(`<${holes} empty item${holes > 1 ? 's' : ''}>`)
    holes = 0
  }
  for (; i < v.length && out.length + (holes > 0 ? 1 : 0) < limit; i++) {
    if (Object.hasOwn(v, i)) {
      flush()
      if (out.length >= limit) break
      out.push(property(ctx, v, depth, String(i), inArray))
    } else holes++
  }
  flush()
  if (i < v.length) out.push(more(v.length - i))
  return out
}

function typedItems(ctx, v) {
  const limit = Math.min(Math.max(0, ctx.maxArrayLength), v.length)
  const out = []
  for (let i = 0; i < limit; i++) out.push(primitive(ctx, v[i], true))
  if (v.length > limit) out.push(more(v.length - limit))
  return out
}

function limited(ctx, size, values, each) {
  const limit = Math.min(Math.max(0, ctx.maxArrayLength), size)
  const out = []
  ctx.indent += 2
  for (const v of values) {
    if (out.length >= limit) break
    out.push(each(v))
  }
  if (size > limit) out.push(more(size - limit))
  ctx.indent -= 2
  return out
}

const hexBytes = (bytes, limit) => {
  let text = ''
  for (let i = 0; i < Math.min(limit, bytes.length); i++) text += (i > 0 ? ' ' : '') + bytes[i].toString(16).padStart(2, '0')
  if (bytes.length > limit) text += ` ... ${bytes.length - limit} more byte${bytes.length - limit > 1 ? 's' : ''}`
  return text
}

function functionBase(v, name, tag) {
  const source = Function.prototype.toString.call(v)
  if (/^class\b/.test(source) && source.endsWith('}')) {
    let text = Object.hasOwn(v, 'name') && v.name !== '' ? `[class ${v.name}` : '[class (anonymous)'
    if (name !== 'Function' && name !== null) text += ` [${name}]`
    if (tag !== '' && name !== tag) text += ` [${tag}]`
    const parent = Object.getPrototypeOf(v)
    if (parent === null) text += ' extends null'
    else if (parent.name) text += ` extends ${parent.name}`
    return text + ']'
  }
  const kind = tagOf(v)
  let type = kind === 'AsyncFunction' || kind === 'GeneratorFunction' || kind === 'AsyncGeneratorFunction' ? kind : 'Function'
  if (type === 'Function' && /^async\b/.test(source)) type = 'AsyncFunction'
  let text = `[${type}`
  if (name === null) text += ' (null prototype)'
  text += v.name === '' || typeof v.name !== 'string' ? ' (anonymous)' : `: ${v.name}`
  text += ']'
  if (name !== type && name !== 'Function' && name !== null && name !== 'AsyncFunction' && name !== 'GeneratorFunction') text += ` ${name}`
  if (tag !== '' && name !== tag && tag !== kind) text += ` [${tag}]`
  return text
}

// Stack frames as V8 writes them. The engine's own form is "\tat f (file:1:2(33))".
function frames(e) {
  const stack = e.stack
  if (typeof stack !== 'string') return stack
  if (!stack.includes('\n\tat ')) return stack.replace(/\n+$/, '')
  return host.frames(stack)
}

function errorBase(ctx, v, name, keys) {
  let stack = v.stack ? String(frames(v)) : Error.prototype.toString.call(v)
  for (const key of ['name', 'message', 'stack']) {
    const at = keys.indexOf(key)
    if (at !== -1 && (typeof v[key] !== 'string' || stack.includes(v[key]) || key === 'stack')) keys.splice(at, 1)
  }
  if ('cause' in v && !keys.includes('cause') && Object.hasOwn(v, 'cause')) keys.push('cause')
  if (Array.isArray(v.errors) && Object.hasOwn(v, 'errors') && !keys.includes('errors')) keys.push('errors')
  const shown = /^([A-Z][\w$]*)(?=:|\n|$)/.exec(stack)
  if (name !== null && name !== 'Error' && shown && !stack.includes(name)) {
    stack = `${name} [${shown[1]}]${stack.slice(shown[1].length)}` // a subclass that did not set its name
  }
  const at = stack.indexOf('\n    at')
  if (at === -1) stack = `[${stack}]`
  if (ctx.indent !== 0) stack = stack.replace(/\n/g, '\n' + ' '.repeat(ctx.indent))
  return stack
}

function classify(ctx, v, depth, keys, name) {
  const tag = extraTag(v, name)
  const plain = items => ({ items })
  if (Array.isArray(v)) {
    const head = name !== 'Array' || tag !== '' ? prefix(name, tag, 'Array', `(${v.length})`) : ''
    keys = keys.filter(k => !isIndex(k))
    if (v.length === 0 && keys.length === 0) return { base: `${head}[]` }
    return { open: `${head}[`, close: ']', items: () => arrayItems(ctx, v, depth), keys, array: true }
  }
  const typed = typedArrayTag.call(v)
  if (typed !== undefined) {
    keys = keys.filter(k => !isIndex(k))
    const head = prefix(name, tag !== typed ? tag : '', typed, `(${v.length})`)
    if (v.length === 0 && keys.length === 0) return { base: `${head}[]` }
    return { open: `${head}[`, close: ']', items: () => typedItems(ctx, v), keys, array: true }
  }
  const kind = brand(v)
  switch (kind) {
    case 'Set': {
      const size = Object.getOwnPropertyDescriptor(Set.prototype, 'size').get.call(v)
      const head = prefix(name, tag, 'Set', `(${size})`)
      if (size === 0 && keys.length === 0) return { base: `${head}{}` }
      return { open: `${head}{`, close: '}', keys, items: () => limited(ctx, size, Set.prototype.values.call(v), x => format(ctx, x, depth)) }
    }
    case 'Map': {
      const size = Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.call(v)
      const head = prefix(name, tag, 'Map', `(${size})`)
      if (size === 0 && keys.length === 0) return { base: `${head}{}` }
      return { open: `${head}{`, close: '}', keys, items: () => limited(ctx, size, Map.prototype.entries.call(v), ([k, x]) => `${format(ctx, k, depth)} => ${format(ctx, x, depth)}`) }
    }
    case 'Map Iterator':
    case 'Set Iterator':
      return { open: `[${kind}] {`, close: '}', keys, items: () => [] }
    case 'Arguments':
      if (keys.length === 0) return { base: '[Arguments] {}' }
      return { open: '[Arguments] {', close: '}', keys, items: () => [] }
    case 'Function':
      return { base: functionBase(v, name, tag), open: '{', close: '}', keys, ...plain(() => []) }
    case 'RegExp': {
      const head = name !== 'RegExp' || tag !== '' ? prefix(name, tag, 'RegExp') : ''
      return { base: head + RegExp.prototype.toString.call(v), open: '{', close: '}', keys, ...plain(() => []) }
    }
    case 'Date': {
      const head = name !== 'Date' || tag !== '' ? prefix(name, tag, 'Date') : ''
      const text = Number.isNaN(Date.prototype.getTime.call(v)) ? Date.prototype.toString.call(v) : Date.prototype.toISOString.call(v)
      return { base: head + text, open: '{', close: '}', keys, ...plain(() => []) }
    }
    case 'Error':
      return { base: errorBase(ctx, v, name, keys), open: '{', close: '}', keys, ...plain(() => []) }
    case 'ArrayBuffer':
      return { open: `${prefix(name, tag, 'ArrayBuffer')}{`, close: '}', keys, items: () => [`[Uint8Contents]: <${hexBytes(new Uint8Array(v), Math.max(0, Math.min(50, ctx.maxArrayLength)))}>`, `byteLength: ${v.byteLength}`] }
    case 'DataView':
      return { open: `${prefix(name, tag, 'DataView')}{`, close: '}', keys: ['byteLength', 'byteOffset', 'buffer', ...keys], items: () => [] }
    case 'Promise':
      return { open: `${prefix(name, tag, 'Promise')}{`, close: '}', keys, items: () => promiseItems(ctx, v, depth) }
    case 'WeakSet':
    case 'WeakMap':
      return { open: `${prefix(name, tag, kind)}{`, close: '}', keys, items: () => ['<items unknown>'] }
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'Symbol':
    case 'BigInt':
      return boxed(ctx, v, kind, name, tag, keys)
    case 'Generator':
      return { open: `Object [${kind}] {`, close: '}', keys, items: () => [] }
  }
  const head = name === 'Object' && tag === '' ? '' : prefix(name, tag, 'Object')
  if (keys.length === 0) return { base: `${head}{}` }
  return { open: `${head}{`, close: '}', keys, items: () => [] }
}

function promiseItems(ctx, v, depth) {
  const [state, value] = host.promise(v)
  if (state === 'pending') return ['<pending>']
  ctx.indent += 2
  const text = format(ctx, value, depth)
  ctx.indent -= 2
  return [state === 'rejected' ? `<rejected> ${text}` : text]
}

function boxed(ctx, v, kind, name, tag, keys) {
  const inner = { Number, String, Boolean, Symbol, BigInt }[kind].prototype.valueOf.call(v)
  if (kind === 'String') keys = keys.filter(k => !isIndex(k))
  let base = `[${kind}`
  if (kind !== name) base += name === null ? ' (null prototype)' : ` (${name})`
  base += `: ${primitive({ ...ctx, indent: 0, breakLength: Infinity }, inner)}]`
  if (tag !== '' && tag !== name) base += ` [${tag}]`
  return { base, open: '{', close: '}', keys, items: () => [] }
}

// What v is by its inner slots, whatever its toStringTag says.
function brand(v) {
  if (typeof v === 'function') return 'Function'
  let kind = host.brand(v)
  if (kind === 'Proxy') kind = host.brand(host.proxy(v)[0]) // a proxy shows as its target
  if (kind === 'Object') {
    const tag = tagOf(v)
    if (tag === 'Symbol' || tag === 'BigInt') {
      try { Object.getPrototypeOf(Object(tag === 'Symbol' ? Symbol() : 0n)).valueOf.call(v) } catch { return kind }
      return tag
    }
    if (tag === 'Generator' && typeof v.next === 'function') return 'Generator'
    if (ArrayBuffer.isView(v)) return typedArrayTag.call(v) ?? 'DataView'
    if ((tag === 'WeakMap' && v instanceof WeakMap) || (tag === 'WeakSet' && v instanceof WeakSet)) return tag
    if (tag === 'Map Iterator' || tag === 'Set Iterator') return tag
  }
  return kind
}

// --- the walk ---------------------------------------------------------------

function format(ctx, v, depth, typed) {
  if (v === null) return 'null'
  if (typeof v !== 'object' && typeof v !== 'function') return primitive(ctx, v, typed)
  if (ctx.customInspect) {
    const own = v[custom]
    if (typeof own === 'function' && own !== inspect && !(v.constructor && v.constructor.prototype === v)) {
      const left = ctx.depth === Infinity ? Infinity : ctx.depth - depth
      const r = own.call(v, left, { ...ctx.user, stylize: s => String(s) }, inspect)
      if (r !== v) return typeof r === 'object' && r !== null ? format(ctx, r, depth) : String(r).replace(/\n/g, `\n${' '.repeat(ctx.indent)}`)
    }
  }
  if (ctx.seen.includes(v)) {
    let n = ctx.circular.get(v)
    if (n === undefined) {
      n = ctx.circular.size + 1
      ctx.circular.set(v, n)
    }
    return `[Circular *${n}]`
  }
  return formatObject(ctx, v, depth)
}

function formatObject(ctx, v, depth) {
  const name = className(v)
  const keys = keysOf(ctx, v)
  const shape = classify(ctx, v, depth + 1, keys, name)
  const bare = shape.base !== undefined && (shape.open === undefined || shape.keys.length === 0)
  if (bare) return shape.base
  if (depth > ctx.depth) {
    const label = name === null ? `${tagOf(v)}: null prototype` : Array.isArray(v) ? 'Array' : extraTag(v, name) !== '' ? `${name} [${extraTag(v, name)}]` : name
    return `[${label}]`
  }
  ctx.seen.push(v)
  ctx.depthNow = depth
  const out = shape.items()
  for (const key of shape.keys) out.push(property(ctx, v, depth + 1, key, inObject))
  ctx.seen.pop()
  let { base = '', open, close } = shape
  const n = ctx.circular.get(v)
  if (n !== undefined) {
    if (ctx.compact !== true) base = base === '' ? `<ref *${n}>` : `<ref *${n}> ${base}`
  }
  if (out.length === 0) return `${base ? `${base} ` : ''}${open}${close}`
  if (ctx.sorted) {
    const by = ctx.sorted === true ? undefined : ctx.sorted
    if (!shape.array) out.sort(by)
  }
  const text = join(ctx, out, base, open, close, shape.array, depth, v)
  return text
}

function inspect(v, options, depth) {
  const user = typeof options === 'boolean' ? { showHidden: options, ...(depth !== undefined && { depth }) } : options ?? {}
  const ctx = { ...defaults, breakLength: lineLength, ...user, user: { ...defaults, ...user }, seen: [], circular: new Map(), indent: 0, depthNow: 0 }
  if (ctx.depth === null || ctx.depth === undefined) ctx.depth = ctx.depth === null ? Infinity : defaults.depth
  if (ctx.maxArrayLength === null) ctx.maxArrayLength = Infinity
  if (ctx.maxStringLength === null) ctx.maxStringLength = Infinity
  if (ctx.compact === false) ctx.compact = 0
  return format(ctx, v, 0)
}
inspect.custom = custom
inspect.defaultOptions = defaults
inspect.colors = Object.create(null)
inspect.styles = Object.create(null)

module.exports = { inspect, frames, className, brand }
