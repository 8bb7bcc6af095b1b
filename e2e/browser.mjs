// Debian's Chromium, headless, through playwright-core. A missing browser is a
// failure, never a skip.
import { chromium } from "playwright-core";

export function launch() {
  return chromium.launch({
    executablePath: process.env.BAAS_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** watchPage collects everything a page complains of: errors, refused resources, broken CSP. */
export function watchPage(page) {
  const complaints = [];
  page.on("pageerror", (err) => complaints.push(String(err)));
  page.on("console", (msg) => {
    if (msg.type() === "error") complaints.push(msg.text());
  });
  return complaints;
}
