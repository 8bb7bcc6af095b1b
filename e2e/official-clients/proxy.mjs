// A TCP proxy in front of the server: cuts connections as a network would.
import { connect, createServer } from "node:net";

// Enough to find a short frame that came in two pieces.
const longestFrame = 256;

/** startProxy listens on a free port and forwards bytes to the target URL. */
export async function startProxy(target) {
  const { hostname, port } = new URL(target);
  const pairs = new Set();
  let down = false;
  let tellRefused = () => {};
  let tellHeard = () => {};

  const listener = createServer((near) => {
    if (down) {
      near.resetAndDestroy();
      return tellRefused();
    }
    const far = connect({ host: hostname, port: Number(port) });
    const pair = { near, far, socket: false };
    pairs.add(pair);
    near.once("data", (first) => {
      pair.socket = first.toString("latin1").startsWith("GET /ws");
    });
    let heard = "";
    far.on("data", (bytes) => {
      if (!pair.socket) return;
      heard = heard.slice(-longestFrame) + bytes.toString("latin1");
      tellHeard(heard);
    });
    near.pipe(far).pipe(near);
    for (const end of [near, far]) {
      end.on("error", () => {}); // a cut connection is what this proxy is for
      end.on("close", () => {
        near.destroy();
        far.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));

  /** drop cuts the chosen connections without a closing handshake. */
  function drop(chosen) {
    let cut = 0;
    for (const pair of pairs) {
      if (!chosen(pair)) continue;
      pair.near.resetAndDestroy();
      pair.far.resetAndDestroy();
      cut++;
    }
    return cut;
  }
  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    /** cutSockets cuts the watch sockets and returns how many there were. */
    cutSockets: () => drop((pair) => pair.socket),
    /** takeDown cuts everything and refuses what comes, until bringUp; it resolves with the first refusal. */
    takeDown() {
      down = true;
      const refusal = new Promise((resolve) => {
        tellRefused = resolve;
      });
      drop(() => true);
      return refusal;
    },
    bringUp() {
      down = false;
    },
    /**
     * hears resolves when the server sends text that matches over a watch
     * socket from now on (the server's frames are neither masked nor compressed).
     */
    hears: (pattern) =>
      new Promise((resolve) => {
        const before = tellHeard;
        tellHeard = (text) => {
          before(text);
          if (pattern.test(text)) resolve();
        };
      }),
    async close() {
      down = true;
      drop(() => true);
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
