/** What the token map draws: boxes in boxes by weight, few enough to be drawn and looked at. Shared with its page. */

import { contextTree, type Loaded, type Node, ownTokens, shortName } from "./contextTree";
import type { Exactness, Range, Report, State } from "./report";

export interface MapNode {
  /** What the page says when it is chosen; empty: nowhere to go. */
  readonly id: string;
  readonly kind: Node["kind"] | "document" | "text" | "others";
  /** Its whole name, and what of that stands in its box. */
  readonly label: string;
  readonly short: string;
  readonly tokens: number;
  readonly exactness: Exactness;
  readonly state: State;
  readonly children: readonly MapNode[];
}

/** What the page is sent. */
export interface MapShown {
  readonly type: "show";
  readonly name: string;
  readonly summary: string;
  readonly counting: boolean;
  readonly root: MapNode;
}

/** What the page sends. */
export type MapSaid = { readonly type: "ready" } | { readonly type: "open"; readonly id: string };

export interface Place {
  readonly within: string;
  readonly range: Range;
}

/** Boxes side by side, and levels of them: more is dust. */
const MOST_CHILDREN = 150;
const MOST_LEVELS = 6;

/**
 * `places`: where each box's text is, by its id. `ownText`, `others`: what those are called. `loaded`: of an agent's file, all that
 * the agent loads: the map is of that.
 */
export function mapOf(
  report: Report,
  name: string,
  words: { readonly ownText: string; readonly others: string },
  loaded?: Loaded,
): { readonly root: MapNode; readonly places: ReadonlyMap<string, Place> } {
  const places = new Map<string, Place>();
  const start = { line: 0, character: 0 };
  places.set("/", { within: report.uri, range: { start, end: start } });

  const below = (node: Pick<Node, "tokens" | "children">, id: string, level: number): MapNode[] => {
    if (node.children.length === 0 || level > MOST_LEVELS) {
      return [];
    }
    const weighty = node.children.filter((child) => (child.tokens ?? 0) > 0);
    const boxes = weighty.slice(0, MOST_CHILDREN).map((child) => box(child, level));
    const rest = weighty.slice(MOST_CHILDREN);
    const leaf = (kind: "text" | "others", label: string, tokens: number): MapNode => ({
      id: kind === "text" ? id : "",
      kind,
      label,
      short: label,
      tokens,
      exactness: kind === "text" ? report.tokenizer_exactness : report.exactness,
      state: "resolved",
      children: [],
    });
    const dust = rest.reduce((sum, child) => sum + (child.tokens ?? 0), 0);
    if (dust > 0) {
      boxes.push(leaf("others", `${words.others} (${rest.length})`, dust));
    }
    const own = ownTokens(node);
    if (own > 0) {
      boxes.push(leaf("text", words.ownText, own));
    }
    return boxes.sort((one, other) => other.tokens - one.tokens);
  };
  const box = (node: Node, level: number): MapNode => {
    places.set(node.id, { within: node.within, range: node.range });
    return {
      id: node.id,
      kind: node.kind,
      label: node.label,
      short: shortName(node).name,
      tokens: node.tokens ?? 0,
      exactness: node.exactness,
      state: node.state,
      children: below(node, node.id, level + 1),
    };
  };
  const tree = contextTree(report, "size", loaded);
  // The files side by side: what one imports stands behind it, not in it.
  const flat = (node: Node): Node[] => [{ ...node, children: [] }, ...node.children.flatMap(flat)];
  const top =
    loaded === undefined
      ? { tokens: report.tokens, children: tree }
      : { tokens: loaded.context.tokens, children: (tree.at(-1)?.children ?? []).flatMap(flat) };
  const root: MapNode = {
    id: "/",
    kind: "document",
    label: loaded?.context.title ?? name,
    short: loaded?.context.title ?? name,
    tokens: top.tokens,
    exactness: loaded?.context.exactness ?? report.exactness,
    state: "resolved",
    children: below(top, "/", 1),
  };
  return { root, places };
}
