'use strict'
// Addresses as people and attackers write them; each is taken apart. Left out is
// what Node 20 itself does against the standard: ".." up to the root of other
// schemes, a port alone as their host.
const inputs = [
  'http://example.com', 'http://example.com/', 'HTTP://EXAMPLE.COM/%7Efoo/%E4%BD%A0', 'http:example.com', 'http:/example.com', 'http:///example.com', 'http:\\\\x\\y', 'http://a b/', 'http://a%20b/', 'http://a%41b/',
  'http://user@/x', 'http://user@host', 'http://u:@h', 'http://:p@h', 'http://u@v@h/', 'http://h:', 'http://h:/p', 'http://h:0/', 'http://h:65535', 'http://h:65536', 'http://h:x', 'http://h:80:80',
  'http://127.1/', 'http://0x7f.1/', 'http://017700000001/', 'http://2130706433/', 'http://256.256.256.256/', 'http://1.2.3.4.5/', 'http://1.2.3.4./', 'http://0x/', 'http://09.1/', 'http://1.0x/',
  'http://[::1]/', 'http://[::1', 'http://[1:2:3:4:5:6:7:8]/', 'http://[::ffff:1.2.3.4]/', 'http://[1::2::3]/', 'http://[2001:DB8::0:1]/', 'http://[0:0:1:0:0:0:0:1]/', 'http://[::1.2.3.256]', 'http://[g::]',
  'http://ex.com/a/../b', 'http://ex.com/a/./b/..', 'http://ex.com/..', 'http://ex.com/%2e%2E/a', 'http://ex.com//a//', 'http://ex.com/a\\b', 'http://ex.com/a?b\\c', 'http://ex.com/a;b=c', "http://ex.com/'\"<>`{}|^", "http://ex.com/?'\"<>`{}|^", "http://ex.com/#'\"<>`{}|^",
  'http://ex.com?x', 'http://ex.com#x', 'http://ex.com/?', 'http://ex.com/#', 'http://ex.com/?a=b&c=d#e?f', 'http://ex.com/%', 'http://ex.com/%zz?%zz#%zz', 'http://ex.com/é?é#é', 'http://ex.com/😀', 'http://ex.com/\ud800',
  ' http://ex.com ', 'ht\ntp://ex\t.com/\r', 'http://ex.com\0', '\u0001http://ex.com', 'http://', 'http://?', 'http://#', 'http:', 'http', '', '//ex.com', '/x', '?x', '#x', 'x:', 'x:y', 'x:/y', 'x://y', 'x://y/z/../w', 'x://Y:80/', 'x:// y', 'x://u:p@h/p', 'x:/../a', 'x:a?b#c', 'x: y ', '1x:y', 'x+y-z.1:q', 'x!:y',
  'javascript:alert(1)', 'mailto:a@b?subject=x y', 'data:text/html,<b>', 'blob:http://h/id', 'about:blank', 'urn:a:b', 'tel:+1', 'cloud://env-1.bucket/a b/c.png', 'wxfile://tmp/x',
  'file:///a/b', 'file://host/a', 'file://localhost/a', 'file:/a', 'file:a', 'file:', 'file:///C:/x', 'file:///C|/x', 'file:///C:/../x', 'file://C:/x', 'file:\\\\h\\a', 'file:///a?b#c',
  'ws://h:80/', 'wss://h:443/', 'ftp://h:21/x', 'https://h:80', 'https://EXAMPLE.ORG:443/',
  'http://münchen.de', 'http://xn--mnchen-3ya.de', 'http://你好.中国', 'http://faß.de', 'http://a\u00adb.com', 'http://\uff41.com', 'http://a..b', 'http://.a', 'http://a.', 'http://-a-', 'http://a_b.c', 'http://a,b', 'http://a<b', 'http://a^b', 'http://a|b', 'http://%zz', 'http://%00', 'http://*', 'http://1e3',
]
const bases = ['http://h/a/b/c?d#e', 'https://u:p@h:8443/', 'file:///C:/dir/f', 'x:opaque', 'x://h/a/b', 'cloud://e/f/g']
const relatives = ['', '.', '..', '../..', '../../../..', 'x', './x', '/x', '//o/x', '?q', '#f', '\\x', 'x:y', 'http:x', 'https:x', 'file:x', ';p', 'a:b', '%2e%2e/x', '  x  ', '/..//x', 'C:/y', '?', '#']
const show = (...args) => {
  try {
    const u = new URL(...args)
    return [u.href, u.protocol, u.username, u.password, u.host, u.port, u.pathname, u.search, u.hash, u.origin].join(' | ')
  } catch (e) {
    return e.code
  }
}
const changes = { protocol: ['https', 'x:', 'file', '1', 'ftp:more'], username: ['a b', '', '@:'], password: ['p:/', ''], host: ['n', 'n:81', '', 'n/x', 'a b', '[::2]:5'], hostname: ['n', 'n:1', '', '[::1'], port: ['8080', '80', '', 'x', '99999', '12ab'], pathname: ['x', '/a/../b', '', '?#', 'a b', '\\y'], search: ['x', '?x y', '', '?', '#'], hash: ['x', '#x y', '', '?#'], href: ['http://z', 'nope'] }
const change = (start, part, value) => {
  const u = new URL(start)
  try { u[part] = value } catch (e) { return e.code }
  return u.href
}
module.exports = {}
for (const input of inputs) module.exports[`alone ${JSON.stringify(input)}`] = () => show(input)
for (const base of bases) module.exports[`against ${base}`] = () => Object.fromEntries(relatives.filter(r => !(r.startsWith('../..') && base[0] !== 'h')).map(r => [r, show(r, base)]))
for (const [part, values] of Object.entries(changes)) {
  module.exports[`set ${part}`] = () => ['http://u:p@h:81/a/b?c#d', 'x://h/a', 'x:opaque?q', 'file:///a/b', 'http://h'].flatMap(start => values.map(v => change(start, part, v)))
}
