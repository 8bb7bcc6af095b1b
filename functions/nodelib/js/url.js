'use strict'

const legacy = require('internal/npm/url')
const { URL, URLSearchParams, domainToASCII, domainToUnicode } = require('internal/whatwg_url')
const { coded, invalidArgType } = require('internal/errors')

function fileURLToPath(path) {
  const url = typeof path === 'string' ? new URL(path) : path
  if (!(url instanceof URL)) throw invalidArgType('path', 'of type string or an instance of URL', path)
  if (url.protocol !== 'file:') throw coded(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file')
  if (url.hostname !== '') throw coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux')
  if (/%2f/i.test(url.pathname)) throw coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters')
  return decodeURIComponent(url.pathname)
}

function pathToFileURL(path) {
  const absolute = require('path').resolve(path) + (path.endsWith('/') && path !== '/' ? '/' : '')
  return new URL('file://' + encodeURI(absolute).replace(/[?#]/g, encodeURIComponent))
}

function urlToHttpOptions(url) {
  const options = {
    __proto__: null,
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    hash: url.hash,
    search: url.search,
    pathname: url.pathname,
    path: `${url.pathname || ''}${url.search || ''}`,
    href: url.href,
  }
  if (url.port !== '') options.port = Number(url.port)
  if (url.username || url.password) options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return options
}

function format(input, options) {
  if (!(input instanceof URL)) return legacy.format(input)
  const { auth = true, fragment = true, search = true, unicode = false } = options ?? {}
  let text = `${input.protocol}//`
  if (auth && (input.username || input.password)) text += `${input.username}${input.password ? `:${input.password}` : ''}@`
  text += (unicode ? domainToUnicode(input.hostname) : input.hostname) + (input.port ? `:${input.port}` : '') + input.pathname
  return text + (search ? input.search : '') + (fragment ? input.hash : '')
}

module.exports = { ...legacy, format, URL, URLSearchParams, domainToASCII, domainToUnicode, fileURLToPath, pathToFileURL, urlToHttpOptions }
