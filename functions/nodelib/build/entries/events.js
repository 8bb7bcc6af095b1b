module.exports = require('events/events.js')
