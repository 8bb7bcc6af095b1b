import { describe, expect, it } from "vitest";
import { ApiError } from "./api";
import { useLoad } from "./load";

describe("useLoad", () => {
  it("goes from idle through loading to ready", async () => {
    const { current, run } = useLoad((n: number) => Promise.resolve(n + 1));
    expect(current.value.state).toBe("idle");
    const done = run(1);
    expect(current.value.state).toBe("loading");
    await done;
    expect(current.value).toEqual({ state: "ready", value: 2 });
  });

  it("keeps the newest outcome when an older call ends last", async () => {
    const gates: (() => void)[] = [];
    const { current, run } = useLoad((n: number) => new Promise<number>((r) => gates.push(() => { r(n); })));
    const first = run(1);
    const second = run(2);
    gates[1]?.();
    await second;
    gates[0]?.();
    await first;
    expect(current.value).toEqual({ state: "ready", value: 2 });
  });

  it("tells forbidden from failed", async () => {
    const { current, run } = useLoad((status: number) =>
      Promise.reject(new ApiError(status, "X", "no", "r1")),
    );
    await run(403);
    expect(current.value).toEqual({ state: "forbidden" });
    await run(500);
    expect(current.value).toEqual({ state: "failed", message: "no" });
  });
});
