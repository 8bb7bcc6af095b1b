module.exports = require('querystring-es3/index.js')
