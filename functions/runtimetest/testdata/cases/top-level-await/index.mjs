export const ready = await new Promise(r => setTimeout(() => r('ready'), 1))
export const main = async () => ready
