import assert from "node:assert/strict";
import { test } from "node:test";
import { contextTree, type Loaded, type Node, ownTokens, shortName } from "../../src/contextTree";
import { mapOf } from "../../src/mapModel";
import type { Report } from "../../src/report";
import { lines, reference, report, section } from "./reports";

/** Names in their nesting: what the tree looks like. */
function shape(nodes: readonly Node[]): unknown[] {
  return nodes.map((node) =>
    node.children.length === 0 ? node.label : [node.label, ...shape(node.children)],
  );
}

const REPORT = report({
  sections: [
    section("One", 1, 2, 80),
    section("Small", 2, 4, 10),
    section("Large", 2, 8, 60),
    section("Two", 1, 12, 15),
  ],
  references: [
    reference("before.md", 0, { tokens: 5 }),
    reference("small.md", 5, { tokens: 8 }),
    reference("large.md", 9, {
      tokens: 50,
      references: [reference("in.md", 3, { tokens: 20, uri: null })],
    }),
    reference("same.md", 13, { tokens: 1 }),
    reference("same.md", 14, { tokens: 2 }),
  ],
});

test("references stand in the sections that they are written in, in order of place", () => {
  assert.deepEqual(shape(contextTree(REPORT, "place")), [
    "before.md",
    ["One", ["Small", "small.md"], ["Large", ["large.md", "in.md"]]],
    ["Two", "same.md", "same.md"],
  ]);
});

test("by size the heaviest come first, on every level", () => {
  assert.deepEqual(shape(contextTree(REPORT, "size")), [
    ["One", ["Large", ["large.md", "in.md"]], ["Small", "small.md"]],
    ["Two", "same.md", "same.md"],
    "before.md",
  ]);
  const two = contextTree(REPORT, "size")[1];
  assert.deepEqual(
    two?.children.map((one) => one.tokens),
    [2, 1],
  );
});

test("shares are of the whole document", () => {
  const [before] = contextTree(REPORT, "place");
  assert.equal(before?.share, 0.05);
  assert.equal(
    contextTree(report({ tokens: 0, references: [reference("a.md", 0)] }), "place")[0]?.share,
    null,
  );
});

test("every node has an id of its own, which is the same in either order", () => {
  const ids = (nodes: readonly Node[]): string[] => nodes.flatMap((one) => [one.id, ...ids(one.children)]);
  const place = ids(contextTree(REPORT, "place"));
  assert.equal(new Set(place).size, place.length);
  assert.deepEqual(ids(contextTree(REPORT, "size")).sort(), place.sort());
});

test("a place is in the text that the node is written in", () => {
  const large = contextTree(REPORT, "place")[1]?.children[1]?.children[0];
  assert.equal(large?.within, REPORT.uri);
  assert.equal(large?.target, "file:///ws/large.md");
  assert.equal(large?.children[0]?.within, "file:///ws/large.md");
  assert.deepEqual(large?.children[0]?.range, lines(3));
  assert.equal(large?.children[0]?.target, null);
});

test("sections of levels that skip, and empty documents", () => {
  const skipping = report({
    sections: [section("Deep", 3, 0, 5), section("Top", 1, 2, 5), section("x", 6, 3, 1)],
  });
  assert.deepEqual(shape(contextTree(skipping, "place")), ["Deep", ["Top", "x"]]);
  assert.deepEqual(contextTree(report(), "size"), []);
});

test("sections are pending while the document is counted", () => {
  const counting = report({ state: "counting", sections: [section("One", 1, 0, 5)] });
  assert.equal(contextTree(counting, "place")[0]?.state, "pending");
});

test("what is a node's own, never less than nothing", () => {
  const child = { tokens: 30, children: [] } as unknown as Node;
  assert.equal(ownTokens({ tokens: 100, children: [child, child] }), 40);
  assert.equal(ownTokens({ tokens: 50, children: [child, child] }), 0);
  assert.equal(ownTokens({ tokens: null, children: [] }), 0);
});

for (const [kind, label, name, rest] of [
  ["file", "a.md", "a.md", []],
  ["file", "../docs/a.md", "a.md", ["../docs"]],
  ["file", "/a.md", "a.md", []],
  ["file", "docs/a b.md#The / part", "a b.md", ["#The / part", "docs"]],
  ["file", "a.py#L1-L9", "a.py", ["#L1-L9"]],
  ["file", "docs/", "docs/", []],
  ["file", "#Part", "#Part", []],
  ["file", "", "", []],
  ["section", "a/b", "a/b", []],
  ["api", "https://host/x", "https://host/x", []],
] as const) {
  test(`the short name of ${kind} ${label}`, () =>
    assert.deepEqual(shortName({ kind, label }), { name, rest }));
}

test("what holds an old answer is marked, and no other part", () => {
  const references = [
    reference("api", 1, { kind: "api", state: "stale" }),
    reference("a.md", 3, { references: [reference("b.md", 0)] }),
  ];
  const sections = [section("One", 1, 0, 50), section("Two", 1, 2, 50)];
  const marks = (given: Partial<Report>) =>
    contextTree(report({ sections, references, ...given }), "place").map((one) => [
      one.exactness,
      one.children[0]?.exactness,
    ]);
  assert.deepEqual(marks({ exactness: "estimate" }), [
    ["estimate", "estimate"],
    ["exact", "exact"],
  ]);
  assert.deepEqual(marks({ exactness: "reconstruction", tokenizer_exactness: "reconstruction" })[1], [
    "reconstruction",
    "reconstruction",
  ]);
});

const LOADED: Loaded = {
  context: {
    agent: "claude-code",
    title: "Claude Code",
    recorded: true,
    folder: "/ws/sub",
    tokens: 100,
    exactness: "reconstruction",
    entries: [
      { path: "/ws/CLAUDE.md", tokens: 30, imported_by: null, lost: null },
      { path: "/ws/sub/a.md", tokens: 50, imported_by: "/ws/CLAUDE.md", lost: null },
      { path: "/home/b.md", tokens: 10, imported_by: null, lost: { line: 3, character: 0, tokens: 7 } },
    ],
    ignored: [],
    not_loaded: [],
  },
  workspace: "/ws",
  uriOf: (path) => `file://${path}`,
};

test("what an agent loads stands below its file's own parts, each file with those that it imports", () => {
  const nodes = contextTree(report({ sections: [section("One", 1, 0, 20)] }), "place", LOADED);
  assert.deepEqual(
    nodes.map((one) => [one.kind, one.label, one.tokens, one.exactness]),
    [
      ["section", "One", 20, "exact"],
      ["agent", "Claude Code", 100, "reconstruction"],
    ],
  );
  const [first, second] = nodes[1]?.children ?? [];
  assert.deepEqual(
    [first?.label, first?.tokens, first?.share, first?.within, first?.target],
    ["../CLAUDE.md", 30, 0.3, "file:///ws/CLAUDE.md", "file:///ws/CLAUDE.md"],
  );
  assert.deepEqual(
    first?.children.map((one) => [one.label, one.tokens]),
    [["a.md", 50]],
  );
  assert.equal(second?.label, "/home/b.md");
  assert.equal(second?.reason, "cut at line 4: ≈7 tokens never arrive");
});

test("the map of an agent's file is of all that the agent loads", () => {
  const words = { ownText: "labels", others: "others" };
  const { root, places } = mapOf(
    report({ sections: [section("One", 1, 0, 20)] }),
    "CLAUDE.md",
    words,
    LOADED,
  );
  assert.deepEqual(
    [root.label, root.tokens, root.exactness, ...root.children.map((one) => [one.label, one.tokens])],
    [
      "Claude Code",
      100,
      "reconstruction",
      ["a.md", 50],
      ["../CLAUDE.md", 30],
      ["/home/b.md", 10],
      ["labels", 10],
    ],
  );
  assert.deepEqual(root.children.map((one) => places.get(one.id)?.within).slice(0, 3), [
    "file:///ws/sub/a.md",
    "file:///ws/CLAUDE.md",
    "file:///home/b.md",
  ]);
});
