// fail: LoadFailed: TypeError: at the top
// stack: /var/user/index.js
throw new TypeError('at the top')
