import { describe, expect, it } from "vitest";
import { isQuery } from "./query";

describe("isQuery", () => {
  it.each(["{}", '{"a": {"$gt": 1}}'])("takes %s", (text) => {
    expect(isQuery(text)).toBe(true);
  });
  it.each(["", "[]", "1", "null", "{a: 1}"])("refuses %s", (text) => {
    expect(isQuery(text)).toBe(false);
  });
});
