import assert from "node:assert/strict";
import { test } from "node:test";
import { byFamily, modelText } from "../../src/models";
import type { Count, Exactness, Model, Status } from "../../src/report";
import {
  change,
  escaped,
  gauge,
  mark,
  number,
  plainText,
  reportText,
  share,
  statusText,
  tokens,
  usd,
} from "../../src/wording";
import { reference, report, section, status } from "./reports";

for (const [value, expected] of [
  [0, "0 tokens"],
  [1, "1 token"],
  [999, "999 tokens"],
  [1234567, "1,234,567 tokens"],
] as const) {
  test(`tokens(${value})`, () => assert.equal(tokens(value), expected));
}

for (const [value, expected] of [
  [0, "0%"],
  [0.0004, "<0.1%"],
  [0.001, "0.1%"],
  [0.01234, "1.2%"],
  [0.05, "5%"],
  [0.1, "10%"],
  [0.954, "95%"],
  [12.3456, "1,235%"],
] as const) {
  test(`share(${value})`, () => assert.equal(share(value), expected));
}

test("sums of money", () => {
  assert.equal(usd(0.0027), "$0.0027");
  assert.equal(usd(1.5), "$1.50");
});

test("what isn't exact is marked", () => {
  assert.equal(mark("exact"), "");
  assert.equal(mark("reconstruction"), "≈");
  assert.equal(mark("estimate"), "≈");
});

for (const [used, expected] of [
  [0, "▱▱▱▱▱"],
  [0.0001, "▰▱▱▱▱"],
  [0.2, "▰▱▱▱▱"],
  [0.5, "▰▰▰▱▱"],
  [0.999, "▰▰▰▰▱"],
  [1, "▰▰▰▰▰"],
  [7, "▰▰▰▰▰"],
] as const) {
  test(`gauge(${used})`, () => assert.equal(gauge(used), expected));
}

test("changes", () => assert.deepEqual([120, -1234, 0].map(change), ["+120", "−1,234", "±0"]));

const ready = status({
  text: "1,080 tokens · 14% · gpt-4o",
  budget: { limit: 8000, used: 0.135, severity: null },
});
/** What the server says of a text. */
const count = (text: string, exactness: Exactness = "exact"): Count => ({
  tokens: Number(text.replace(/\D/g, "")),
  exactness,
  text,
});
const budget = (severity: Status["budget"]["severity"], used: number) => ({
  ...ready,
  text: "some words",
  budget: { limit: 8000, used, severity },
});

for (const [name, given, selected, expected] of [
  ["ready", ready, undefined, "$(law) ▰▱▱▱▱ 1,080 tokens · 14% · gpt-4o"],
  [
    "counting",
    { ...ready, state: "counting" },
    undefined,
    "$(loading~spin) ▰▱▱▱▱ 1,080 tokens · 14% · gpt-4o",
  ],
  [
    "nothing counted yet",
    { ...ready, state: "counting", text: "…", budget: { limit: 8000, used: null, severity: null } },
    undefined,
    "$(loading~spin) …",
  ],
  ["told", budget("information", 0.5), undefined, "$(info) ▰▰▰▱▱ some words"],
  ["a warning", budget("warning", 0.81), undefined, "$(warning) ▰▰▰▰▱ some words"],
  ["an error", budget("error", 1.2), undefined, "$(error) ▰▰▰▰▰ some words"],
  [
    "a selection",
    ready,
    count("1,234 tokens"),
    "$(law) ▰▱▱▱▱ 1,080 tokens · 14% · gpt-4o (1,234 tokens selected)",
  ],
  [
    "a selection of nothing",
    ready,
    count("0 tokens"),
    "$(law) ▰▱▱▱▱ 1,080 tokens · 14% · gpt-4o (0 tokens selected)",
  ],
  [
    "a selection that isn't exact",
    { ...ready, text: "≈1,080 tokens · 14% · opus", exactness: "reconstruction" },
    count("≈1,234 tokens", "reconstruction"),
    "$(law) ▰▱▱▱▱ ≈1,080 tokens · 14% · opus (≈1,234 tokens selected)",
  ],
] as const) {
  test(`the status bar: ${name}`, () => assert.equal(statusText(given as Status, selected), expected));
}

test("the status bar of a file that is no prompt", () => {
  assert.equal(plainText(count("1 token")), "$(law) 1 token");
  const all = count("≈1,234 tokens", "reconstruction");
  assert.equal(
    plainText(all, count("≈5 tokens", "reconstruction")),
    "$(law) ≈1,234 tokens (≈5 tokens selected)",
  );
});

test("models by family, with what is known of each", () => {
  const model = (name: string, family: string, given: Partial<Model> = {}): Model => ({
    name,
    family,
    encoding: "o200k_base",
    exactness: "exact",
    context_window: 400_000,
    input_usd_per_million: 1.25,
    ...given,
  });
  const unknown = { exactness: "estimate", context_window: null, input_usd_per_million: null } as const;
  const models = [model("gpt-5", "openai"), model("command-r", "cohere", unknown), model("o3", "openai")];
  assert.deepEqual(
    [...byFamily(models)].map(([family, members]) => [family, members.map((one) => one.name)]),
    [
      ["openai", ["gpt-5", "o3"]],
      ["cohere", ["command-r"]],
    ],
  );
  assert.deepEqual(models.slice(0, 2).map(modelText), [
    "400,000 · o200k_base · $1.25 / 1M",
    "o200k_base, estimate",
  ]);
});

test("a name is text wherever Markdown is read", () => {
  assert.equal(
    escaped("[x](command:evil) `<b>` a|b\n# c $(law)"),
    "\\[x\\]\\(command:evil\\) \\`\\<b\\>\\` a\\|b \\# c $\\(law\\)",
  );
});

test("a report for other people", () => {
  const text = reportText(
    report({
      model: "gpt-4o",
      sections: [section("Top", 1, 0, 100), section("In | it", 2, 2, 40)],
      references: [
        reference("a.md", 1, { references: [reference("b.md", 0, { tokens: 3 })] }),
        reference("c.md", 3, { state: "failed", tokens: null, reason: "c.md: not found" }),
      ],
    }),
    "a.prompt.md",
  );
  assert.equal(
    text,
    [
      "# a\\.prompt\\.md",
      "",
      "100 tokens of 200 (50%), 60 as typed. gpt\\-4o, cl100k\\_base, exact.",
      "",
      "| section | tokens |",
      "| --- | ---: |",
      "| Top | 100 |",
      "| &nbsp;&nbsp;In \\| it | 40 |",
      "",
      "| reference | tokens | state |",
      "| --- | ---: | --- |",
      "| file a\\.md | 10 | resolved |",
      "| &nbsp;&nbsp;file b\\.md | 3 | resolved |",
      "| file c\\.md |  | failed: c\\.md: not found |",
      "",
    ].join("\n"),
  );
});

test("numbers are written as the server writes them, whatever the machine's language", () => {
  assert.equal(number(1234.0), "1,234");
});
