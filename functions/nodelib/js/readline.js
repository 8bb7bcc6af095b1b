'use strict'

const EventEmitter = require('events')

// Lines of a readable stream; there is no terminal.
class Interface extends EventEmitter {
  #rest = ''
  #lines = []
  #waiting = []
  #closed = false
  constructor(input, output) {
    super()
    if (input?.input) ({ input, output } = input)
    this.input = input
    this.output = output
    const { StringDecoder } = require('string_decoder')
    const decoder = new StringDecoder('utf8')
    input?.on?.('data', chunk => this.#take(typeof chunk === 'string' ? chunk : decoder.write(chunk)))
    input?.on?.('end', () => {
      this.#take(decoder.end())
      if (this.#rest !== '') this.#line(this.#rest)
      this.#rest = ''
      this.close()
    })
    input?.on?.('error', e => this.emit('error', e))
    input?.resume?.()
  }
  #take(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()
    for (const line of lines) this.#line(line)
  }
  #line(line) {
    this.emit('line', line)
    if (this.#waiting.length > 0) this.#waiting.shift()({ value: line, done: false })
    else this.#lines.push(line)
  }
  close() {
    if (this.#closed) return
    this.#closed = true
    for (const w of this.#waiting.splice(0)) w({ value: undefined, done: true })
    this.emit('close')
  }
  pause() { this.input?.pause?.(); return this }
  resume() { this.input?.resume?.(); return this }
  setPrompt() {}
  prompt() {}
  write() {}
  question(query, options, callback) { (callback ?? options)('') }
  [Symbol.asyncIterator]() {
    return {
      next: () => {
        if (this.#lines.length > 0) return Promise.resolve({ value: this.#lines.shift(), done: false })
        if (this.#closed) return Promise.resolve({ value: undefined, done: true })
        return new Promise(resolve => this.#waiting.push(resolve))
      },
      return: () => {
        this.close()
        return Promise.resolve({ value: undefined, done: true })
      },
      [Symbol.asyncIterator]() { return this },
    }
  }
}

module.exports = { Interface, createInterface: (...args) => new Interface(...args), clearLine: () => true, clearScreenDown: () => true, cursorTo: () => true, moveCursor: () => true, emitKeypressEvents() {} }
