'use strict'
const path = require('path')
const qs = require('querystring')
const { StringDecoder } = require('string_decoder')
const punycode = require('punycode')
module.exports = {
  join: () => [path.join('a', '..', 'b', './c'), path.join('/a', '/b'), path.join(''), path.join('..', 'a')],
  resolve: () => [path.resolve('/a', 'b', '../c'), path.resolve('/a', '/b')],
  normalize: () => ['/a//b/../c/.', './a', '..', '', '/..'].map(p => path.normalize(p)),
  'base and dir': () => ['/a/b.txt', 'b.txt', '/', 'a/', '.bashrc'].map(p => [path.dirname(p), path.basename(p), path.extname(p)]),
  'basename with ext': () => path.basename('/a/b.txt', '.txt'),
  relative: () => [path.relative('/a/b/c', '/a/d'), path.relative('/a', '/a'), path.relative('/a/b', '/a')],
  parse: () => path.parse('/home/u/file.tar.gz'),
  format: () => [path.format({ dir: '/a', base: 'b.c' }), path.format({ root: '/', name: 'x', ext: '.y' })],
  isAbsolute: () => [path.isAbsolute('/a'), path.isAbsolute('a')],
  separators: () => [path.sep, path.delimiter, path.posix.join('a', 'b')],
  'path of a number': () => { try { path.join(5) } catch (e) { return e.name } },
  'qs parse': () => [qs.parse('a=1&b=2&a=3'), qs.parse('x=%E4%BD%A0+y&z'), qs.parse('a:1;b:2', ';', ':'), qs.parse('a=%zz'), qs.parse('')].map(o => ({ ...o })),
  'qs stringify': () => [qs.stringify({ a: [1, 2], b: 'x y', c: '', d: null, e: true, f: undefined, g: NaN, h: 1n }), qs.stringify({ a: 1, b: 2 }, ';', ':'), qs.stringify('no')],
  'qs escape': () => [qs.escape("a b&c='"), qs.unescape('a%20b')],
  'qs maxKeys': () => Object.keys(qs.parse('a=1&b=2&c=3', null, null, { maxKeys: 2 })),
  'decoder utf8': () => { const d = new StringDecoder('utf8'); return [d.write(Buffer.from([0xe4, 0xbd])), d.write(Buffer.from([0xa0])), d.end(Buffer.from([0xe5]))] },
  'decoder base64': () => { const d = new StringDecoder('base64'); return [d.write(Buffer.from('ab')), d.write(Buffer.from('c')), d.end(Buffer.from('d'))] },
  'decoder utf16le': () => { const d = new StringDecoder('utf16le'); return [d.write(Buffer.from([0x61])), d.write(Buffer.from([0x00, 0x3d, 0xd8])), d.end(Buffer.from([0x00, 0xde]))] },
  punycode: () => [punycode.toASCII('mañana.com'), punycode.toUnicode('xn--maana-pta.com'), punycode.encode('你好'), punycode.decode('6qq79v'), punycode.ucs2.decode('😀')],
}
