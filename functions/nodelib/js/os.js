'use strict'

const constants = {
  UV_UDP_REUSEADDR: 4,
  dlopen: { RTLD_LAZY: 1, RTLD_NOW: 2, RTLD_GLOBAL: 256, RTLD_LOCAL: 0 },
  errno: { EPERM: 1, ENOENT: 2, EIO: 5, EBADF: 9, EAGAIN: 11, ENOMEM: 12, EACCES: 13, EBUSY: 16, EEXIST: 17, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, ENOSPC: 28, EPIPE: 32, ENOTEMPTY: 39, EADDRINUSE: 98, ECONNRESET: 104, ETIMEDOUT: 110, ECONNREFUSED: 111 },
  signals: { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 },
  priority: { PRIORITY_LOW: 19, PRIORITY_BELOW_NORMAL: 10, PRIORITY_NORMAL: 0, PRIORITY_ABOVE_NORMAL: -7, PRIORITY_HIGH: -14, PRIORITY_HIGHEST: -20 },
}

module.exports = {
  EOL: '\n',
  devNull: '/dev/null',
  constants,
  arch: () => 'x64',
  machine: () => 'x86_64',
  platform: () => 'linux',
  type: () => 'Linux',
  release: () => '5.4.0',
  version: () => '#1 SMP',
  hostname: () => 'localhost',
  homedir: () => '/tmp',
  tmpdir: () => '/tmp',
  endianness: () => 'LE',
  uptime: () => process.uptime(),
  loadavg: () => [0, 0, 0],
  cpus: () => [{ model: 'cpu', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  availableParallelism: () => 1,
  totalmem: () => Number(process.env.SCF_MEMORY_MB ?? 256) * 1024 * 1024,
  freemem: () => Math.max(0, module.exports.totalmem() - process.memoryUsage().rss),
  networkInterfaces: () => ({}),
  userInfo: () => ({ uid: 1000, gid: 1000, username: 'user', homedir: '/tmp', shell: null }),
  getPriority: () => 0,
  setPriority() {},
}
for (const name of ['arch', 'platform', 'type', 'release', 'hostname', 'homedir', 'tmpdir', 'endianness']) {
  module.exports[name][Symbol.toPrimitive] = () => module.exports[name]()
}
