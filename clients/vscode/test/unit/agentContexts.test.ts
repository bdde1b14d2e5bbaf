import assert from "node:assert/strict";
import { test } from "node:test";
import { agentRows, fileRows, startFolders } from "../../src/agentContexts";
import type { AgentContext, AgentEntry } from "../../src/report";

function entry(path: string, tokens: number, more: Partial<AgentEntry> = {}): AgentEntry {
  return { path, tokens, imported_by: null, lost: null, ...more };
}

function context(agent: string, folder: string, entries: readonly AgentEntry[]): AgentContext {
  const tokens = entries.reduce((sum, one) => sum + one.tokens, 0);
  return {
    agent,
    title: agent,
    recorded: true,
    folder,
    tokens,
    exactness: "exact",
    entries,
    ignored: [],
    not_loaded: [],
  };
}

test("an agent may be started in each folder from the workspace's to the file's", () => {
  assert.deepEqual(startFolders("/w", "/w/a/b/AGENTS.md"), ["/w", "/w/a", "/w/a/b"]);
  assert.deepEqual(startFolders("/w", "/w/AGENTS.md"), ["/w"]);
  assert.deepEqual(startFolders("/w", "/with/AGENTS.md"), ["/w"]);
  assert.deepEqual(startFolders("/w", undefined), ["/w"]);
});

const ROOT = [
  context("claude-code", "/w", [entry("/w/CLAUDE.md", 10), entry("/w/docs/a.md", 5)]),
  context("codex", "/w", [entry("/w/AGENTS.md", 100, { lost: { line: 4, character: 0, tokens: 20 } })]),
  context("goose", "/w", [entry("/w/AGENTS.md", 7)]),
];

test("agents are listed with what they load, those first that lose something, then the largest", () => {
  assert.deepEqual(
    agentRows(ROOT, undefined, "/w").map(({ label, description, detail }) => [label, description, detail]),
    [
      ["codex", "100 tokens · 1 file", "AGENTS.md cut at line 5: 20 tokens never arrive"],
      ["claude-code", "15 tokens · 2 files", ""],
      ["goose", "7 tokens · 1 file", ""],
    ],
  );
});

test("what changes is said for an agent that is started below", () => {
  const below = [
    context("claude-code", "/w/sub", [entry("/w/CLAUDE.md", 10), entry("/w/sub/CLAUDE.md", 3)]),
    context("codex", "/w/sub", ROOT[1]?.entries ?? []),
  ];
  assert.deepEqual(
    agentRows(below, ROOT, "/w").map(({ label, description, detail }) => [label, description, detail]),
    [
      [
        "codex",
        "100 tokens · 1 file",
        "../AGENTS.md cut at line 5: 20 tokens never arrive · as in the workspace's folder",
      ],
      ["claude-code", "13 tokens · 2 files", "−2 · with CLAUDE.md · without ../docs/a.md"],
      ["goose", "nothing", "−7 · without AGENTS.md"],
    ],
  );
});

test("many files that differ are cut short, and an estimate says so", () => {
  const many = Array.from({ length: 6 }, (_, at) => entry(`/w/sub/${at}.md`, 1));
  const [row] = agentRows([{ ...context("kilo", "/w/sub", many), exactness: "estimate" }], [], "/w");
  assert.equal(row?.description, "≈6 tokens · 6 files");
  assert.equal(row?.detail, "+6 · with 0.md, 1.md, 2.md, 3.md, …");
});

test("an agent's files are listed as they arrive, then what does not load", () => {
  const shown = fileRows(
    {
      ...context("claude-code", "/w", [
        entry("/w/CLAUDE.md", 1),
        entry("/w/a.md", 2, { imported_by: "/w/CLAUDE.md", lost: { line: 9, character: 0, tokens: 1 } }),
        entry("/home/x/.claude/CLAUDE.md", 3),
      ]),
      ignored: [
        { path: "/w/CLAUDE.md", line: 3, text: "@b.md.", reason: "the full stop belongs to the path here" },
      ],
      not_loaded: [{ path: "/w/AGENTS.md", reason: "a CLAUDE.md with text is loaded" }],
    },
    "/w",
  );
  assert.deepEqual(
    shown.map(({ label, description, detail }) => [label, description, detail]),
    [
      ["CLAUDE.md", "1 token", ""],
      ["a.md", "2 tokens", "imported by CLAUDE.md · cut at line 10: 1 token never arrive"],
      ["/home/x/.claude/CLAUDE.md", "3 tokens", ""],
      ["@b.md.", "not imported by CLAUDE.md", "the full stop belongs to the path here"],
      ["AGENTS.md", "not loaded", "a CLAUDE.md with text is loaded"],
    ],
  );
  assert.deepEqual(
    shown.map((row) => row.of.line),
    [0, 9, 0, 3, 0],
  );
});

test("what brings nothing comes first, and whose rules were only read says so", () => {
  const vain = [
    { path: "/w/CLAUDE.md", line: 0, text: "@a.md.", reason: "the full stop belongs to the path" },
  ];
  const some = [
    { ...context("goose", "/w", [entry("/w/AGENTS.md", 50)]), recorded: false },
    { ...context("claude-code", "/w", [entry("/w/CLAUDE.md", 1)]), ignored: vain },
  ];
  assert.deepEqual(
    agentRows(some, undefined, "/w").map(({ label, detail }) => [label, detail]),
    [
      ["claude-code", "1 import brings nothing"],
      ["goose (as read, not recorded)", ""],
    ],
  );
});
