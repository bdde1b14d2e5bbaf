import assert from "node:assert/strict";
import { test } from "node:test";
import { selector } from "../../src/selector";

test("every scheme with every language, files that no language claims, and what the user added", () => {
  const filters = selector(["**/*.tmpl"]);
  const has = (filter: object) => filters.some((one) => JSON.stringify(one) === JSON.stringify(filter));
  assert.ok(has({ scheme: "untitled", language: "markdown" }));
  assert.ok(has({ scheme: "vscode-notebook-cell", language: "markdown" }));
  assert.ok(has({ scheme: "file", language: "plaintext" }));
  assert.ok(has({ scheme: "file", pattern: "**/*.tmpl" }));
  assert.ok(filters.some((one) => "pattern" in one && one.pattern.includes("weighbridge.toml")));
  assert.equal(new Set(filters.map((one) => JSON.stringify(one))).size, filters.length);
});

test("nothing that VS Code or an extension shows by itself: logs, settings, differences, our own preview", () => {
  for (const one of selector([])) {
    assert.ok(["file", "untitled", "vscode-notebook-cell", "vscode-vfs", "memfs"].includes(one.scheme));
  }
});
