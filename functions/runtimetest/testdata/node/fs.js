'use strict'
const fs = require('fs')
const path = require('path')
const fsp = require('fs/promises')
const dir = fs.mkdtempSync('/tmp/suite-')
const at = name => path.join(dir, name)
const short = f => { try { f() } catch (e) { return [e.code, e.errno, e.syscall, e.message.replace(dir, 'DIR')] } }
module.exports = {
  'write and read': () => { fs.writeFileSync(at('a'), 'héllo'); return [fs.readFileSync(at('a'), 'utf8'), fs.readFileSync(at('a')).length, fs.readFileSync(at('a'), { encoding: 'hex' })] },
  append: () => { fs.appendFileSync(at('a'), ' more'); fs.appendFileSync(at('new'), 'x'); return [fs.readFileSync(at('a'), 'utf8'), fs.readFileSync(at('new'), 'utf8')] },
  flags: () => { fs.writeFileSync(at('f'), 'one'); fs.writeFileSync(at('f'), 'two', { flag: 'a' }); return [fs.readFileSync(at('f'), 'utf8'), short(() => fs.writeFileSync(at('f'), '', { flag: 'wx' }))] },
  bytes: () => { fs.writeFileSync(at('b'), new Uint8Array([1, 2, 255])); return [...fs.readFileSync(at('b'))] },
  exists: () => [fs.existsSync(at('a')), fs.existsSync(at('nope')), fs.existsSync(undefined)],
  'missing': () => short(() => fs.readFileSync(at('nope'))),
  'missing stat': () => [short(() => fs.statSync(at('nope'))), fs.statSync(at('nope'), { throwIfNoEntry: false })],
  stat: () => { const s = fs.statSync(at('b')); return [s.size, s.isFile(), s.isDirectory(), s.mtime instanceof Date, typeof s.mtimeMs, fs.statSync(dir).isDirectory()] },
  mkdir: () => { fs.mkdirSync(at('d')); fs.mkdirSync(at('d/e/f'), { recursive: true }); return [fs.statSync(at('d/e/f')).isDirectory(), short(() => fs.mkdirSync(at('d')))] },
  'mkdir without its parent': () => short(() => fs.mkdirSync(at('x/y'))),
  readdir: () => { fs.writeFileSync(at('d/z'), ''); return [fs.readdirSync(at('d')), fs.readdirSync(at('d'), { withFileTypes: true }).map(e => [e.name, e.isDirectory(), e.isFile()]), fs.readdirSync(at('d'), { recursive: true }).sort()] },
  'readdir of a file': () => short(() => fs.readdirSync(at('a'))),
  'read a directory': () => short(() => fs.readFileSync(dir)).slice(0, 3),
  rename: () => { fs.renameSync(at('new'), at('renamed')); return [fs.existsSync(at('new')), fs.readFileSync(at('renamed'), 'utf8'), short(() => fs.renameSync(at('no'), at('no2')))?.[0]] },
  copyFile: () => { fs.copyFileSync(at('a'), at('copy')); return [fs.readFileSync(at('copy'), 'utf8') === fs.readFileSync(at('a'), 'utf8'), short(() => fs.copyFileSync(at('a'), at('copy'), fs.constants.COPYFILE_EXCL))?.[0]] },
  cp: () => { fs.cpSync(at('d'), at('d2'), { recursive: true }); return fs.readdirSync(at('d2')) },
  unlink: () => { fs.unlinkSync(at('copy')); return [fs.existsSync(at('copy')), short(() => fs.unlinkSync(at('copy')))] },
  rm: () => { fs.writeFileSync(at('r'), ''); fs.rmSync(at('r')); fs.rmSync(at('r'), { force: true }); fs.rmSync(at('d2'), { recursive: true }); return [fs.existsSync(at('d2')), short(() => fs.rmSync(at('r')))?.[0], short(() => fs.rmSync(at('d')))?.[0]] },
  rmdir: () => [short(() => fs.rmdirSync(at('d')))?.[0], (fs.mkdirSync(at('empty')), fs.rmdirSync(at('empty')), fs.existsSync(at('empty')))],
  access: () => [fs.accessSync(at('a')), short(() => fs.accessSync(at('nope')))],
  truncate: () => { fs.writeFileSync(at('t'), '123456'); fs.truncateSync(at('t'), 3); return fs.readFileSync(at('t'), 'utf8') },
  descriptors: () => { const fd = fs.openSync(at('fd'), 'w+'); const n = fs.writeSync(fd, 'hello world'); const b = Buffer.alloc(5); const m = fs.readSync(fd, b, 0, 5, 6); const size = fs.fstatSync(fd).size; fs.writeSync(fd, Buffer.from('J'), 0, 1, 0); fs.closeSync(fd); return [n, m, b.toString(), size, fs.readFileSync(at('fd'), 'utf8'), short(() => fs.closeSync(999))?.slice(0, 3)] },
  'sequential reads': () => { fs.writeFileSync(at('q'), 'abcdef'); const fd = fs.openSync(at('q')); const b = Buffer.alloc(4); const out = [fs.readSync(fd, b), b.toString(), fs.readSync(fd, b), b.toString('utf8', 0, 2), fs.readSync(fd, b)]; fs.closeSync(fd); return out },
  realpath: () => fs.realpathSync(at('d/../a')) === fs.realpathSync(at('a')),
  callbacks: () => new Promise(r => fs.writeFile(at('cb'), 'data', e => fs.readFile(at('cb'), 'utf8', (e2, text) => fs.stat(at('none'), e3 => r([e, e2, text, e3.code]))))),
  'callback missing': () => fs.readFile(at('a')),
  promises: async () => { await fsp.writeFile(at('p'), 'pp'); await fsp.mkdir(at('pd/x'), { recursive: true }); const out = [await fsp.readFile(at('p'), 'utf8'), (await fsp.stat(at('p'))).size, await fsp.readdir(at('pd')), fs.promises === fsp]; await fsp.rm(at('pd'), { recursive: true }); await fsp.unlink(at('p')); return out },
  'promises reject': () => fsp.readFile(at('nope')),
  'file handles': async () => { const h = await fsp.open(at('h'), 'w+'); await h.write('hello'); const { bytesRead, buffer } = await h.read(Buffer.alloc(3), 0, 3, 1); const s = await h.stat(); await h.close(); return [bytesRead, buffer.toString(), s.size] },
  'read stream': () => new Promise(r => { fs.writeFileSync(at('rs'), 'x'.repeat(100000)); let n = 0; let parts = 0; fs.createReadStream(at('rs')).on('data', d => { n += d.length; parts++ }).on('close', () => r([n, parts])) }),
  'read stream range': () => new Promise(r => { let text = ''; fs.createReadStream(at('q'), { start: 1, end: 3, encoding: 'utf8' }).on('data', d => { text += d }).on('end', () => r(text)) }),
  'read stream missing': () => new Promise(r => fs.createReadStream(at('nope')).on('error', e => r(e.code))),
  'write stream': () => new Promise(r => { const w = fs.createWriteStream(at('ws')); w.write('a'); w.end('b'); w.on('finish', () => r([fs.readFileSync(at('ws'), 'utf8'), w.bytesWritten])) }),
  'stream copy': async () => { await require('stream/promises').pipeline(fs.createReadStream(at('rs')), fs.createWriteStream(at('rs2'))); return fs.statSync(at('rs2')).size },
  'bad arguments': () => [short(() => fs.readFileSync({}))?.[0], short(() => fs.writeFileSync(at('x'), 5))?.[0], short(() => fs.readFileSync('a\0b'))?.[0], short(() => fs.openSync(at('a'), 'zz'))?.[0]],
  'file urls': () => fs.readFileSync(require('url').pathToFileURL(at('q')), 'utf8'),
  symlink: () => { fs.symlinkSync('q', at('link')); return [fs.readFileSync(at('link'), 'utf8'), fs.lstatSync(at('link')).isSymbolicLink(), fs.readlinkSync(at('link'))] },
  utimes: () => { fs.utimesSync(at('q'), 1, 2); return fs.statSync(at('q')).mtimeMs },
  'is tidied up': () => { fs.rmSync(dir, { recursive: true, force: true }); return fs.existsSync(dir) },
}
