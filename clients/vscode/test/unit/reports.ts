/** Reports to test with. */

import type { Range, Reference, Report, Section, Status } from "../../src/report";

export function lines(from: number, to = from): Range {
  return { start: { line: from, character: 0 }, end: { line: to, character: 5 } };
}

export function section(title: string, level: number, line: number, tokens: number): Section {
  return { title, level, range: lines(line), tokens };
}

export function reference(target: string, line: number, given: Partial<Reference> = {}): Reference {
  return {
    kind: "file",
    target,
    range: lines(line),
    state: "resolved",
    tokens: 10,
    reason: null,
    uri: `file:///ws/${target}`,
    references: [],
    ...given,
  };
}

export function report(given: Partial<Report> = {}): Report {
  return {
    uri: "file:///ws/a.prompt.md",
    version: 1,
    dialect: "markdown",
    model: null,
    encoding: "cl100k_base",
    exactness: "exact",
    tokenizer_exactness: "exact",
    state: "ready",
    text: "100 tokens · 50%",
    tokens: 100,
    own_tokens: 60,
    budget: { limit: 200, used: 0.5, severity: null },
    cost: null,
    sections: [],
    references: [],
    ...given,
  };
}

export function status(given: Partial<Status> = {}): Status {
  const { uri, version, state, text, tokens, own_tokens, budget, model, encoding, exactness, cost } =
    report();
  const references = { total: 0, resolved: 0, pending: 0, failed: 0 };
  return {
    uri,
    version,
    state,
    text,
    tokens,
    own_tokens,
    budget,
    model,
    encoding,
    exactness,
    cost,
    references,
    ...given,
  };
}
