module.exports = require('buffer/index.js')
