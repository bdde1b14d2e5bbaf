import assert from "node:assert/strict";
import { test } from "node:test";
import { type MapNode, mapOf } from "../../src/mapModel";
import type { Reference } from "../../src/report";
import { reference, report, section } from "./reports";

const WORDS = { ownText: "own text", others: "others" };

function below(node: MapNode): number {
  return node.children.reduce((sum, child) => sum + child.tokens, 0);
}

function everyNode(node: MapNode): MapNode[] {
  return [node, ...node.children.flatMap(everyNode)];
}

test("boxes in boxes, the heaviest first, with what is a node's own", () => {
  const { root } = mapOf(
    report({
      tokens: 100,
      sections: [section("Small", 1, 0, 20), section("Large", 1, 5, 70)],
      references: [
        reference("docs/a.md", 6, { tokens: 30 }),
        reference("gone.md", 7, { tokens: null, state: "failed" }),
      ],
    }),
    "a.prompt.md",
    WORDS,
  );
  assert.deepEqual(
    root.children.map((one) => [one.short, one.tokens]),
    [
      ["Large", 70],
      ["Small", 20],
      ["own text", 10],
    ],
  );
  assert.deepEqual(
    root.children[0]?.children.map((one) => [one.kind, one.label, one.short, one.tokens]),
    [
      ["text", "own text", "own text", 40],
      ["file", "docs/a.md", "a.md", 30],
    ],
  );
});

test("children never weigh more than what they are in, but for what counts join", () => {
  const { root } = mapOf(
    report({ tokens: 10, sections: [section("a", 1, 0, 6), section("b", 1, 1, 5)] }),
    "x",
    WORDS,
  );
  assert.equal(below(root), 11);
});

test("too many are summed up, too deep is left out", () => {
  let deep: Reference = reference("deep.md", 0, { tokens: 1 });
  for (let level = 0; level < 20; level += 1) {
    deep = reference(`${level}.md`, 0, { tokens: 1, references: [deep] });
  }
  const many = Array.from({ length: 1000 }, (_, index) => reference(`${index}.md`, index, { tokens: 2 }));
  const { root } = mapOf(report({ tokens: 2001, references: [deep, ...many] }), "x", WORDS);
  const others = root.children.find((one) => one.kind === "others");
  assert.ok(root.children.length <= 152);
  assert.deepEqual([others?.label, others?.id], ["others (851)", ""]);
  assert.equal(below(root), 2001);
  assert.ok(everyNode(root).length < 200);
});

test("every box that can be gone to has a place, and no other", () => {
  const { root, places } = mapOf(
    report({
      sections: [section("One", 1, 0, 90)],
      references: [reference("a.md", 3, { tokens: 50, references: [reference("b.md", 7, { tokens: 5 })] })],
    }),
    "x",
    WORDS,
  );
  for (const node of everyNode(root)) {
    assert.equal(places.has(node.id), node.id !== "");
  }
  const nested = everyNode(root).find((one) => one.label === "b.md");
  assert.equal(places.get(nested?.id ?? "")?.within, "file:///ws/a.md");
});
