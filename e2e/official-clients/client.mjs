// One client in a process of its own: node client.mjs ADAPTER MODULE.
// Reports each step to its parent.
import { scenario } from './scenario.mjs';

const [adapter, module] = process.argv.slice(2);
const target = JSON.parse(process.env.BAAS_TARGET);

const send = (message) => new Promise((resolve) => process.send(message, resolve));
const { connect } = await import(`./clients/${adapter}.mjs`);

// js-sdk leaves rejections unhandled where it has already told the app.
process.on('unhandledRejection', (error) => console.error('unhandled rejection:', error));

for (const [step, work] of scenario(await connect(module, target), target, () => send({ cut: true }))) {
  try {
    const skipped = (await work()) === 'skipped';
    await send({ step, skipped });
  } catch (error) {
    await send({ step, error: String(error?.stack ?? JSON.stringify(error)) });
  }
}
process.exit(0);
