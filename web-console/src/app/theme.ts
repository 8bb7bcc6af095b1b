// Light or dark: the system's choice until the user makes one.
const key = "baas.theme";

type Theme = "light" | "dark";

function current(): Theme {
  const saved = localStorage.getItem(key);
  if (saved === "light" || saved === "dark") return saved;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function applyTheme(theme: Theme = current()): void {
  document.documentElement.setAttribute("theme-mode", theme);
}

export function toggleTheme(): void {
  const next = current() === "dark" ? "light" : "dark";
  localStorage.setItem(key, next);
  applyTheme(next);
}
