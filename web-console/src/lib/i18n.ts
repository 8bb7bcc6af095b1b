// Two languages, one key list: a key that one of them lacks does not compile.
import { computed, ref } from "vue";
import { en } from "./messages.en";
import { zh, type MessageKey } from "./messages.zh";

export type Locale = "zh-CN" | "en";

const catalogs: Record<Locale, Record<MessageKey, string>> = { "zh-CN": zh, en };
const storageKey = "baas.locale";

function initial(): Locale {
  const saved = localStorage.getItem(storageKey);
  if (saved === "zh-CN" || saved === "en") return saved;
  return navigator.languages.some((l) => l.toLowerCase().startsWith("zh")) ? "zh-CN" : "en";
}

export const locale = ref<Locale>(initial());

export function setLocale(next: Locale): void {
  locale.value = next;
  localStorage.setItem(storageKey, next);
  document.documentElement.lang = next;
}

const catalog = computed(() => catalogs[locale.value]);

/** t returns the text of a key; `{name}` members are filled in. */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  return catalog.value[key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
