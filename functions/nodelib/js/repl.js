'use strict'

// Libraries require it whether they use it or not: only its use fails.
require('internal/errors').withoutFunctions(exports, 'repl', ['start'])
