'use strict'

// Libraries require it whether they use it or not: only its use fails.
require('internal/errors').withoutFunctions(exports, 'inspector', ['open', 'waitForDebugger'])

class Session { constructor() { throw require('internal/errors').notAvailable('inspector.Session') } }
Object.assign(exports, { Session, url() {}, close() {}, console: globalThis.console })
