// The whole migration: this object stands in for the platform's own wx.cloud.
wx.cloud = require('./baas.wx.js')

App({
  onLaunch() {
    wx.cloud.init({
      env: 'dev',
      // Where `baas dev` listens. On a real phone: your server's https address.
      endpoint: 'http://127.0.0.1:8787',
    })
  },
})
