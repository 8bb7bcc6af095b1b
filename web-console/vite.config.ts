import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";
import { hashInputs } from "./build/inputs.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

// buildInfo writes the hash of the inputs beside the assets.
function buildInfo(): Plugin {
  return {
    name: "build-info",
    generateBundle() {
      this.emitFile({
        type: "asset",
        fileName: "build-info.json",
        source: JSON.stringify({ inputs: hashInputs(root) }) + "\n",
      });
    },
  };
}

export default defineConfig({
  base: "/console/",
  plugins: [vue(), buildInfo()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/console/api": "http://127.0.0.1:8787" } },
});
