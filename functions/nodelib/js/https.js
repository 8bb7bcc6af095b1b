'use strict'

const http = require('http')

class Agent extends http.Agent {
  constructor(options) {
    super(options)
    this.defaultPort = 443
    this.protocol = 'https:'
  }
}

module.exports = { ...http.client('https:'), Agent, globalAgent: new Agent({ keepAlive: true }), Server: http.Server, createServer: http.createServer }
