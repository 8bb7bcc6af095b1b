// A TCP proxy whose connections can be cut, to see what a client does then.
import { connect, createServer } from 'node:net';

/** Passes bytes to one server until it is told to cut. */
export class CutProxy {
  #server;
  #sockets = new Set();

  static async start({ hostname, port }) {
    const proxy = new CutProxy();
    proxy.#server = createServer((client) => {
      const server = connect(Number(port), hostname);
      for (const [from, to] of [[client, server], [server, client]]) {
        proxy.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          proxy.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Ends every open connection without a word; new ones are welcome. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
