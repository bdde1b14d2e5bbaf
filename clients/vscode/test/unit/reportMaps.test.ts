import assert from "node:assert/strict";
import { test } from "node:test";
import type { MapNode } from "../../src/mapModel";
import type { Context, Document } from "../../src/reportData";
import { contextMap, documentsMap } from "../../src/reportMaps";

function document(name: string, tokens: number, more: Partial<Document> = {}): [string, Document] {
  const one = {
    name,
    uri: name,
    tokens,
    exactness: "exact",
    tokenizer_exactness: "exact",
    dialect: "markdown",
  };
  return [`d:${name}`, { ...one, sections: [], references: [], ...more } as unknown as Document];
}

const told = (node: MapNode): unknown => [node.short, node.tokens, node.id, node.children.map(told)];

test("documents stand in their folders, the largest first, and lead to themselves", () => {
  const map = documentsMap(
    "top",
    new Map([document("a.md", 1), document("x/y/b.md", 5), document("x/c.md", 2)]),
  );
  const leaf = (name: string, tokens: number, id: string) => [name, tokens, id, []];
  assert.deepEqual(told(map), [
    "top",
    8,
    "",
    [
      ["x", 7, "", [["y", 5, "", [leaf("b.md", 5, "d:x/y/b.md")]], leaf("c.md", 2, "d:x/c.md")]],
      leaf("a.md", 1, "d:a.md"),
    ],
  ]);
  assert.equal(map.exactness, "exact");
});

test("a folder is as sure as all in it", () => {
  const map = documentsMap(
    "top",
    new Map([document("a.md", 1), document("b.md", 2, { exactness: "estimate" })]),
  );
  assert.equal(map.exactness, "estimate");
});

test("of what an agent cuts no sections are drawn, which it may have cut", () => {
  const sections = [
    {
      title: "Rules",
      level: 1,
      tokens: 9,
      range: { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } },
    },
  ];
  const map = documentsMap("top", new Map([document("AGENTS.md", 4, { dialect: "codex", sections })]));
  assert.deepEqual(told(map.children[0] as MapNode), ["AGENTS.md", 4, "d:AGENTS.md", []]);
});

test("many documents are some boxes and one of others", () => {
  const map = documentsMap(
    "top",
    new Map([...Array(160).keys()].map((number) => document(`${number}.md`, number + 1))),
  );
  assert.equal(map.children.length, 151);
  assert.equal(map.children.at(-1)?.label, "10 others");
  assert.equal(
    map.children.reduce((sum, child) => sum + child.tokens, 0),
    map.tokens,
  );
});

test("an agent's context is its files and the words around them", () => {
  const entries = [
    { name: "AGENTS.md", tokens: 7, lost: 0 },
    { name: "~/.codex/AGENTS.md", tokens: 2, lost: 0 },
  ];
  const context = { name: "Codex", tokens: 10, exactness: "exact", entries } as unknown as Context;
  assert.deepEqual(told(contextMap("c:Codex", context)), [
    "Codex",
    10,
    "c:Codex",
    [
      ["AGENTS.md", 7, "c:Codex", []],
      ["AGENTS.md", 2, "c:Codex", []],
      ["labels", 1, "c:Codex", []],
    ],
  ]);
});
