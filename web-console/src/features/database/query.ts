/** isQuery reports whether a text is a JSON object, the form of a query. */
export function isQuery(text: string): boolean {
  try {
    const v: unknown = JSON.parse(text);
    return typeof v === "object" && v !== null && !Array.isArray(v);
  } catch {
    return false;
  }
}
