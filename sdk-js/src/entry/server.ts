// One bundle for the function worker: it holds both module shapes, so that
// they share every line below them.

export { wxServerSDK } from '../server/wx-server-sdk';
export { nodeSDK } from '../server/node-sdk';
