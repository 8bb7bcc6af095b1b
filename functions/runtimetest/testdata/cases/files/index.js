// A function sees its own files and /tmp, and nothing else.
// result: {"text":"own file\n","dir":["data","index.js","lib.js","node_modules"],"lib":"lib","same":true,"dirname":"/var/user","filename":"/var/user/index.js","cwd":"/var/user","written":"kept","refused":["EROFS","EROFS","ENOENT","ENOENT","ENOENT","EROFS","EROFS"]}
const fs = require('fs')
const path = require('path')
const lib = require('./lib')

const code = f => { try { f(); return 'done' } catch (e) { return e.code } }

exports.main = async () => {
  fs.writeFileSync('/tmp/kept', 'kept')
  return {
    text: fs.readFileSync(path.join(__dirname, 'data/own.txt'), 'utf8'),
    dir: fs.readdirSync('.'),
    lib: lib.name,
    same: require('./lib.js') === lib,
    dirname: __dirname,
    filename: __filename,
    cwd: process.cwd(),
    written: fs.readFileSync('/tmp/../tmp/kept', 'utf8'),
    refused: [
      code(() => fs.writeFileSync('own.txt', 'x')),
      code(() => fs.rmSync('/var/user/data', { recursive: true })),
      code(() => fs.readFileSync('/etc/passwd')),
      code(() => fs.readFileSync('/var/user/../../etc/passwd')),
      code(() => fs.readdirSync('/')),
      code(() => fs.renameSync('/tmp/kept', '/var/user/kept')),
      code(() => fs.mkdirSync('/var/user/new')),
    ],
  }
}
