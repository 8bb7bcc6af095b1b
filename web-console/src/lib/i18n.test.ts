// @vitest-environment happy-dom
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { setLocale, t } from "./i18n";
import { en } from "./messages.en";
import { zh } from "./messages.zh";

const src = join(import.meta.dirname, "..");
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((f) => /\.(vue|ts)$/.test(f) && !/messages|\.test\./.test(f))
  .map((f) => readFileSync(join(src, f), "utf8"))
  .join("\n");

describe("messages", () => {
  it("have the same keys and no empty text in both languages", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    for (const text of [...Object.values(en), ...Object.values(zh)]) expect(text.trim()).not.toBe("");
  });

  it("fill in the same values in both languages", () => {
    const values = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort();
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect(values(en[key])).toEqual(values(zh[key]));
  });

  it("are all used", () => {
    for (const key of Object.keys(zh)) expect(sources.replaceAll("'", '"'), key).toContain(`"${key}"`);
  });

  it("follow the switch", () => {
    setLocale("en");
    expect(t("database.documents", { count: 3 })).toBe("3 documents");
    setLocale("zh-CN");
    expect(t("database.documents", { count: 3 })).toBe("3 条文档");
  });

  it("leave no text in a template untranslated", () => {
    const templates = sources.match(/<template>[\s\S]*?\n<\/template>/g) ?? [];
    expect(templates.length).toBeGreaterThan(3);
    for (const template of templates) {
      const bare = template.replace(/\{\{[\s\S]*?\}\}/g, "").replace(/<(?:[^>"]|"[^"]*")*>/g, "");
      expect(bare.replace(/baas|[\s():]/g, "")).toBe("");
    }
  });
});
