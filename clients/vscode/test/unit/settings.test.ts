import assert from "node:assert/strict";
import { test } from "node:test";
import { explicit, type Inspected } from "../../src/settings";

function sent(found: Record<string, Inspected>, trusted = true): unknown {
  return explicit(Object.keys(found), (key) => found[key], trusted);
}

for (const [name, found, expected] of [
  ["nothing is set", { model: {}, budget: {} }, {}],
  ["the user's", { model: { globalValue: "gpt-4o" } }, { model: "gpt-4o" }],
  [
    "the nearest wins",
    { budget: { globalValue: 1, workspaceValue: 2, workspaceFolderValue: 3 } },
    { budget: 3 },
  ],
  ["null is as good as nothing", { budget: { globalValue: 5, workspaceValue: null } }, { budget: 5 }],
  [
    "false and 0 and nothing at all are values",
    { codeLens: { globalValue: false }, maxDepth: { workspaceValue: 0 }, env: { globalValue: [] } },
    { codeLens: false, maxDepth: 0, env: [] },
  ],
  [
    "objects are joined, as VS Code joins them",
    { variables: { globalValue: { a: "1", b: "1" }, workspaceValue: { b: "2" } } },
    { variables: { a: "1", b: "2" } },
  ],
  ["lists are not", { include: { globalValue: ["a"], workspaceValue: ["b"] } }, { include: ["b"] }],
  [
    "a project's APIs have no headers, the user's have",
    {
      apis: {
        globalValue: { mine: { url: "u", headers: { k: "v" } } },
        workspaceValue: { theirs: { url: "w", headers: { k: "v" } }, odd: 5 },
      },
    },
    { apis: { mine: { url: "u", headers: { k: "v" } }, theirs: { url: "w" }, odd: 5 } },
  ],
  [
    "a project can't send the user's headers elsewhere",
    {
      apis: {
        globalValue: { mine: { url: "u", headers: { k: "v" } } },
        workspaceFolderValue: { mine: { url: "evil" } },
      },
    },
    { apis: { mine: { url: "evil" } } },
  ],
] as const) {
  test(name, () =>
    assert.deepEqual(sent(found as Record<string, Inspected>), { trusted: true, ...expected }),
  );
}

test("whether the workspace is trusted is always told", () => {
  assert.deepEqual(sent({}, false), { trusted: false });
});
