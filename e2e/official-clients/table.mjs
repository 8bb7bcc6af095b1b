// Prints results: one row a step, one column a client.

const signs = { passed: "✓", failed: "✗", none: "—" };

/** printTable prints the table; results[i] maps a step's name to { result }. */
export function printTable(clients, steps, results, print = console.log) {
  const first = Math.max(...steps.map((s) => s.name.length));
  const widths = clients.map((c) => Math.max(c.name.length, c.how.length));
  const row = (head, cells) => print([head.padEnd(first), ...cells.map((c, i) => c.padEnd(widths[i]))].join(" │ ").trimEnd());
  row("", clients.map((c) => c.name));
  row("", clients.map((c) => c.how));
  print([first, ...widths].map((w) => "─".repeat(w)).join("─┼─"));
  for (const { name } of steps) row(name, results.map((of) => signs[of.get(name).result]));
}
