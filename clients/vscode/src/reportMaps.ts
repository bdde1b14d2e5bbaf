/** What the report's page draws as maps: documents in their folders, and an agent's context. */

import { type MapNode, mapOf } from "./mapModel";
import type { Exactness } from "./report";
import type { Context, Document } from "./reportData";
import { number } from "./wording";

/** Boxes side by side: more is dust. */
const MOST_BOXES = 150;

type Weighed = { readonly tokens: number; readonly exactness: Exactness };

/** All documents in their folders, each with its sections and references. */
export function documentsMap(name: string, documents: ReadonlyMap<string, Document>): MapNode {
  interface Folder {
    readonly folders: Map<string, Folder>;
    readonly boxes: MapNode[];
  }
  const top: Folder = { folders: new Map(), boxes: [] };
  for (const [id, one] of documents) {
    let folder = top;
    for (const part of one.name.split("/").slice(0, -1)) {
      const below: Folder = folder.folders.get(part) ?? { folders: new Map(), boxes: [] };
      folder.folders.set(part, below);
      folder = below;
    }
    // What an agent cuts or strips is in a file's sections, but not in its tokens.
    const { root } = mapOf(
      one.dialect === "markdown" ? one : { ...one, sections: [], references: [] },
      one.name,
      {
        ownText: "own text",
        others: "others",
      },
    );
    folder.boxes.push(renamed(root, id, one.name));
  }
  const drawn = (folder: Folder, called: string): MapNode => {
    const children = [...folder.boxes, ...[...folder.folders].map(([part, below]) => drawn(below, part))];
    const sum = children.reduce((all, child) => all + child.tokens, 0);
    const exact = children.every((child) => child.exactness === "exact");
    return box("", "text", called, { tokens: sum, exactness: exact ? "exact" : "estimate" }, children);
  };
  return drawn(top, name);
}

/** All boxes in a document's lead to the document. */
function renamed(node: MapNode, id: string, label: string): MapNode {
  const children = node.children.map((child) => renamed(child, id, child.label));
  return { ...node, id, label, short: label.split("/").at(-1) ?? label, children };
}

/** What an agent loads: its files, and the words around them. */
export function contextMap(id: string, context: Context): MapNode {
  const entries = context.entries.map((one) =>
    box(id, "file", one.name, { tokens: one.tokens, exactness: context.exactness }, []),
  );
  const own = context.tokens - entries.reduce((sum, one) => sum + one.tokens, 0);
  const labels = { tokens: Math.max(0, own), exactness: context.exactness };
  return box(id, "document", context.name, context, [...entries, box(id, "text", "labels", labels, [])]);
}

function box(id: string, kind: MapNode["kind"], label: string, one: Weighed, children: MapNode[]): MapNode {
  const sorted = children.filter((child) => child.tokens > 0).sort((a, b) => b.tokens - a.tokens);
  const dust = sorted.slice(MOST_BOXES);
  const kept = sorted.slice(0, MOST_BOXES);
  if (dust.length > 0) {
    const left = { tokens: dust.reduce((sum, child) => sum + child.tokens, 0), exactness: one.exactness };
    kept.push(box("", "others", `${number(dust.length)} others`, left, []));
  }
  const short = label.split("/").at(-1) ?? label;
  const { tokens, exactness } = one;
  return { id, kind, label, short, tokens, exactness, state: "resolved", children: kept };
}
