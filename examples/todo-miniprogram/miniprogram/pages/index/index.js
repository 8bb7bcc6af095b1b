// One page that uses every part of wx.cloud: functions, database, watch, files.
Page({
  data: {
    owner: '',
    title: '',
    todos: [],
    stats: { total: 0, done: 0 },
    error: '',
  },

  async onLoad() {
    try {
      // The function knows who calls; it also creates the collection on a fresh server.
      const { result } = await wx.cloud.callFunction({ name: 'login' })
      this.setData({ owner: result.owner })
      this.watch()
      await this.refreshStats()
    } catch (err) {
      this.fail(err)
    }
  },

  onUnload() {
    if (this.watcher) this.watcher.close()
  },

  /** Follows the user's own todos: every change arrives by itself. */
  watch() {
    this.watcher = wx.cloud
      .database()
      .collection('todos')
      .where({ _openid: '{openid}' })
      .orderBy('created', 'desc')
      .watch({
        onChange: ({ docs }) => {
          this.setData({ todos: docs })
          this.refreshStats().catch(err => this.fail(err))
        },
        onError: err => this.fail(err),
      })
  },

  async refreshStats() {
    const { result } = await wx.cloud.callFunction({ name: 'stats' })
    this.setData({ stats: result })
  },

  onInput({ detail }) {
    this.setData({ title: detail.value })
  },

  /** Straight to the database: the server adds the owner and the time. */
  async onAdd() {
    const title = this.data.title.trim()
    if (!title) return
    const db = wx.cloud.database()
    try {
      await db.collection('todos').add({ data: { title, done: false, created: db.serverDate() } })
      this.setData({ title: '' })
    } catch (err) {
      this.fail(err)
    }
  },

  async onToggle({ currentTarget }) {
    const { id, done } = currentTarget.dataset
    try {
      await wx.cloud.database().collection('todos').doc(id).update({ data: { done: !done } })
    } catch (err) {
      this.fail(err)
    }
  },

  /** Through a function, whose router knows several routes. */
  async onClear() {
    try {
      await wx.cloud.callFunction({ name: 'todos', data: { $url: 'clear' } })
    } catch (err) {
      this.fail(err)
    }
  },

  /** A picture for a todo: uploaded, and its fileID kept in the document. */
  async onPicture({ currentTarget }) {
    const { id } = currentTarget.dataset
    try {
      const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'] })
      const filePath = tempFiles[0].tempFilePath
      const cloudPath = `todos/${id}${filePath.slice(filePath.lastIndexOf('.'))}`
      const { fileID } = await wx.cloud.uploadFile({ cloudPath, filePath })
      await wx.cloud.database().collection('todos').doc(id).update({ data: { picture: fileID } })
    } catch (err) {
      this.fail(err)
    }
  },

  async onPreview({ currentTarget }) {
    const { fileList } = await wx.cloud.getTempFileURL({ fileList: [currentTarget.dataset.picture] })
    wx.previewImage({ urls: [fileList[0].tempFileURL] })
  },

  fail(err) {
    this.setData({ error: err.errMsg || err.message || String(err) })
  },
})
