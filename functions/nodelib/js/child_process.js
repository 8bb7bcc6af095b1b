'use strict'

// Libraries require it whether they use it or not: only its use fails.
require('internal/errors').withoutFunctions(exports, 'child_process', ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'])

class ChildProcess { constructor() { throw require('internal/errors').notAvailable('child_process.ChildProcess') } }
exports.ChildProcess = ChildProcess
