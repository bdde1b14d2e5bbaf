/** The tree of what a document is made of: sections, and the references in them, nested. From a report alone. */

import { lostText, pathFrom } from "./agentContexts";
import type { AgentContext, AgentEntry, Exactness, Range, Reference, Report, State } from "./report";

export type Order = "size" | "place";

export interface Node {
  /** Stable while the document keeps its shape, so that what is open stays open. */
  readonly id: string;
  readonly kind: "section" | "agent" | Reference["kind"];
  readonly label: string;
  readonly tokens: number | null;
  /** Of these tokens. */
  readonly exactness: Exactness;
  /** Of the whole document. */
  readonly share: number | null;
  readonly state: State;
  readonly reason: string | null;
  /** The text that `range` is in. */
  readonly within: string;
  readonly range: Range;
  /** What it stands for, if that is a file. */
  readonly target: string | null;
  readonly children: readonly Node[];
}

const START: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

interface Growing extends Omit<Node, "children" | "exactness" | "id"> {
  readonly children: Growing[];
}

/** An agent's context as it is shown. `workspace`: the folder in which paths are relative; `uriOf` names a file as the editor does. */
export interface Loaded {
  readonly context: AgentContext;
  readonly workspace: string;
  readonly uriOf: (path: string) => string;
}

/** `loaded`: of an agent's file, all that the agent loads; it stands below what the file itself is made of. */
export function contextTree(report: Report, order: Order, loaded?: Loaded): readonly Node[] {
  const part = (tokens: number | null) =>
    tokens === null || report.tokens === 0 ? null : tokens / report.tokens;
  const roots: Growing[] = [];
  const open: { level: number; node: Growing }[] = [];
  const references = [...report.references];
  let next = 0;

  const grown = (reference: Reference, within: string): Growing => ({
    kind: reference.kind,
    label: reference.target,
    tokens: reference.tokens,
    share: part(reference.tokens),
    state: reference.state,
    reason: reference.reason,
    within,
    range: reference.range,
    target: reference.uri,
    children: reference.references.map((one) => grown(one, reference.uri ?? within)),
  });
  const place = (until: number) => {
    for (; next < references.length; next += 1) {
      const reference = references[next];
      if (reference === undefined || reference.range.start.line >= until) {
        return;
      }
      (open.at(-1)?.node.children ?? roots).push(grown(reference, report.uri));
    }
  };
  for (const section of report.sections) {
    // What stands before this heading belongs to the section before it.
    place(section.range.start.line);
    while ((open.at(-1)?.level ?? 0) >= section.level) {
      open.pop();
    }
    const node: Growing = {
      kind: "section",
      label: section.title,
      tokens: section.tokens,
      share: part(section.tokens),
      state: report.state === "ready" ? "resolved" : "pending",
      reason: null,
      within: report.uri,
      range: section.range,
      target: null,
      children: [],
    };
    (open.at(-1)?.node.children ?? roots).push(node);
    open.push({ level: section.level, node });
  }
  place(Number.POSITIVE_INFINITY);
  const own = finished(roots, report.tokenizer_exactness, order, "");
  return loaded === undefined ? own : [...own, agentNode(loaded, order)];
}

/** What an agent loads: its files, each with those that it imports. */
function agentNode({ context, workspace, uriOf }: Loaded, order: Order): Node {
  const grown = (entry: AgentEntry): Growing => ({
    kind: "file",
    label: pathFrom(entry.path, context.folder, workspace),
    tokens: entry.tokens,
    share: context.tokens === 0 ? null : entry.tokens / context.tokens,
    state: "resolved",
    reason: entry.lost === null ? null : lostText(entry, context),
    within: uriOf(entry.path),
    range: START,
    target: uriOf(entry.path),
    children: [],
  });
  const roots: Growing[] = [];
  const files = new Map<string, Growing>();
  for (const entry of context.entries) {
    const node = grown(entry);
    // An importer comes before what it imports, or not at all.
    const above = entry.imported_by === null ? undefined : files.get(entry.imported_by);
    (above?.children ?? roots).push(node);
    files.set(entry.path, files.get(entry.path) ?? node);
  }
  const [node] = finished(
    [
      {
        kind: "agent",
        label: context.title,
        tokens: context.tokens,
        share: null,
        state: "resolved",
        reason: null,
        within: roots[0]?.within ?? "",
        range: START,
        target: null,
        children: roots,
      },
    ],
    context.exactness,
    order,
    "/agent",
  );
  return node as Node;
}

function finished(
  nodes: readonly Growing[],
  exactness: Exactness,
  order: Order,
  above: string,
): readonly Node[] {
  const times = new Map<string, number>();
  const done = nodes.map((node): Node => {
    const name = `${node.kind}:${node.label}`;
    const time = times.get(name) ?? 0;
    times.set(name, time + 1);
    const id = `${above}/${name}#${time}`;
    const children = finished(node.children, exactness, order, id);
    const old = node.state === "stale" || children.some((one) => one.exactness === "estimate");
    return { ...node, id, children, exactness: old ? "estimate" : exactness };
  });
  // Sorting is stable: what weighs the same stays in its place.
  return order === "place" ? done : done.sort((one, other) => (other.tokens ?? 0) - (one.tokens ?? 0));
}

/** A name as a narrow column shows it: of a file the last part of its path; `rest`: what else there is to say. */
export function shortName(node: Pick<Node, "kind" | "label">): {
  readonly name: string;
  readonly rest: readonly string[];
} {
  const [, folder, name, fragment] = /^(?:([^#]*)\/)?([^/#]+)(#.*)?$/.exec(node.label) ?? [];
  if (node.kind !== "file" || name === undefined) {
    return { name: node.label, rest: [] };
  }
  return { name, rest: [fragment, folder].filter((part) => part !== undefined && part !== "") as string[] };
}

/** What of a node is its own, not its children's: tokens. Counts join at borders, so it may be a token off; never below 0. */
export function ownTokens(node: Pick<Node, "tokens" | "children">): number {
  const below = node.children.reduce((sum, child) => sum + (child.tokens ?? 0), 0);
  return Math.max(0, (node.tokens ?? 0) - below);
}
