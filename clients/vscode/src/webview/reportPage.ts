/** The page of `weighbridge report`: where the tokens go, a table, and the text as it arrives. All it shows is in the page itself. */

import type { Exactness } from "../report";
import type { Context, Document, Shown, Stretch } from "../reportData";
import { contextMap, documentsMap } from "../reportMaps";
import { change, mark, number, share, tokens } from "../wording";
import { Drawing } from "./drawing";

/** One row of the table: a prompt, or what an agent loads. */
interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly tokens: number;
  readonly exactness: Exactness;
  readonly used: number | null;
  readonly lost: number;
  readonly faults: number;
  readonly change: number | null;
}

/** Agents that are named above all. */
const MOST_NAMED = 3;
/** Rows drawn at first, and with each press of the button below them. */
const ROWS_AT_ONCE = 500;
const COLUMNS: readonly { readonly key: keyof Row; readonly title: string; readonly numeric: boolean }[] = [
  { key: "name", title: "Name", numeric: false },
  { key: "kind", title: "What", numeric: false },
  { key: "tokens", title: "Tokens", numeric: true },
  { key: "used", title: "Of its budget", numeric: true },
  { key: "lost", title: "Never arrive", numeric: true },
  { key: "faults", title: "Findings", numeric: true },
  { key: "change", title: "Change", numeric: true },
];

const shown: Shown = JSON.parse(at("data").textContent ?? "");
const documents = new Map(shown.documents.map((one) => [`d:${one.name}`, one]));
const contexts = new Map(shown.contexts.map((one) => [`c:${one.name}`, one]));
const rows = allRows();
const drawing = new Drawing(at("map"), open);
let sortedBy: keyof Row = "tokens";
let falling = true;
let most = ROWS_AT_ONCE;

at("name").textContent = shown.name;
at("summary").textContent = summary();
drawScopes();
drawHead();
drawRows();
drawChanges();
at("filter").addEventListener("input", () => {
  most = ROWS_AT_ONCE;
  drawRows();
});
at("more").addEventListener("click", () => {
  most += ROWS_AT_ONCE;
  drawRows();
});
window.addEventListener("hashchange", follow);
follow();

function at(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement;
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  className = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function weight(one: { readonly tokens: number; readonly exactness: Exactness }): string {
  return `${mark(one.exactness)}${tokens(one.tokens)}`;
}

function summary(): string {
  const count = shown.documents.length;
  const total = shown.documents.reduce((sum, one) => sum + one.tokens, 0);
  const exact = shown.documents.every((one) => one.exactness === "exact");
  const prompts = `${number(count)} ${count === 1 ? "document" : "documents"}, ${exact ? "" : "≈"}${tokens(total)}`;
  const loads = shown.contexts.map((one) => `${one.name} loads ${weight(one)}`);
  const more = loads.length > MOST_NAMED ? [`${number(loads.length - MOST_NAMED)} more agents below`] : [];
  return [prompts, ...loads.slice(0, MOST_NAMED), ...more].join(" · ");
}

function allRows(): readonly Row[] {
  const changes = new Map((shown.changes?.all ?? []).map((one) => [one.name, one]));
  const grown = (name: string): number | null => {
    const found = changes.get(name);
    return found === undefined ? (shown.changes === null ? null : 0) : (found.now ?? 0) - (found.before ?? 0);
  };
  return [
    ...shown.contexts.map((one) => ({
      id: `c:${one.name}`,
      name: one.name,
      kind: "agent",
      tokens: one.tokens,
      exactness: one.exactness,
      used: null,
      lost: one.entries.reduce((sum, entry) => sum + entry.lost, 0),
      faults: 0,
      change: grown(one.name),
    })),
    ...shown.documents.map((one) => ({
      id: `d:${one.name}`,
      name: one.name,
      kind: one.dialect === "markdown" ? "prompt" : one.dialect,
      tokens: one.tokens,
      exactness: one.exactness,
      used: one.budget.used,
      lost: 0,
      faults: one.findings.length,
      change: grown(one.name),
    })),
  ];
}

/** What the map shows: all documents, or one agent's context. */
function drawScopes(): void {
  const scopes = at("scopes") as HTMLSelectElement;
  scopes.append(new Option("All documents", "d:"));
  for (const [id, one] of contexts) {
    scopes.append(new Option(`What ${one.name} loads`, id));
  }
  scopes.addEventListener("change", () => drawMap(scopes.value));
  drawMap(shown.documents.length > 0 ? "d:" : ([...contexts.keys()][0] ?? "d:"));
}

function drawMap(id: string): void {
  (at("scopes") as HTMLSelectElement).value = id;
  const context = contexts.get(id);
  drawing.show(context === undefined ? documentsMap(shown.name, documents) : contextMap(id, context));
}

function drawHead(): void {
  const head = at("head");
  for (const { key, title, numeric } of COLUMNS) {
    if (key === "change" && shown.changes === null) {
      continue;
    }
    const cell = element("th", "", numeric ? "number" : "");
    cell.scope = "col";
    const button = element("button", title);
    button.type = "button";
    button.addEventListener("click", () => {
      falling = sortedBy === key ? !falling : numeric;
      sortedBy = key;
      drawRows();
    });
    cell.append(button);
    cell.dataset.key = key;
    head.append(cell);
  }
}

function drawRows(): void {
  const wanted = (at("filter") as HTMLInputElement).value.toLowerCase();
  const found = rows.filter((row) => row.name.toLowerCase().includes(wanted));
  found.sort((one, other) => (falling ? compared(other, one) : compared(one, other)));
  for (const cell of at("head").children) {
    const by = (cell as HTMLElement).dataset.key === sortedBy;
    cell.setAttribute("aria-sort", by ? (falling ? "descending" : "ascending") : "none");
  }
  at("rows").replaceChildren(...found.slice(0, most).map(drawRow));
  at("more").hidden = found.length <= most;
  at("shown").textContent = `${number(Math.min(most, found.length))} of ${number(rows.length)} rows`;
}

function compared(one: Row, other: Row): number {
  const [a, b] = [one[sortedBy], other[sortedBy]];
  return typeof a === "string" && typeof b === "string"
    ? a.localeCompare(b)
    : Number(a ?? Number.NEGATIVE_INFINITY) - Number(b ?? Number.NEGATIVE_INFINITY);
}

function drawRow(row: Row): HTMLTableRowElement {
  const drawn = element("tr");
  const name = element("th");
  name.scope = "row";
  const link = element("a", row.name);
  link.href = `#${encodeURIComponent(row.id)}`;
  name.append(link);
  const cells = [
    element("td", row.kind),
    element("td", `${mark(row.exactness)}${number(row.tokens)}`, "number"),
    element("td", row.used === null ? "" : share(row.used), `number ${(row.used ?? 0) > 1 ? "over" : ""}`),
    element("td", row.lost > 0 ? `${mark(row.exactness)}${number(row.lost)}` : "", "number over"),
    element("td", row.faults > 0 ? number(row.faults) : "", "number"),
  ];
  if (shown.changes !== null) {
    cells.push(
      element("td", row.change === null ? "" : `${mark(row.exactness)}${change(row.change)}`, "number"),
    );
  }
  drawn.append(name, ...cells);
  return drawn;
}

/** What a revision had and this one has, the largest growth first, with bars on one scale. */
function drawChanges(): void {
  const { changes } = shown;
  at("changes").hidden = changes === null;
  if (changes === null) {
    return;
  }
  at("revision").textContent = `Since ${changes.revision}`;
  const largest = Math.max(1, ...changes.all.flatMap((one) => [one.before ?? 0, one.now ?? 0]));
  at("none").hidden = changes.all.length > 0;
  for (const one of changes.all) {
    const about = one.exact ? "" : "≈";
    const drawn = element("tr");
    const name = element("th", one.name);
    name.scope = "row";
    const bars = element("td", "", "bars");
    for (const [kind, value] of [
      ["before", one.before],
      ["now", one.now],
    ] as const) {
      const bar = element("div", "", `bar ${kind}`);
      bar.style.width = `${(100 * (value ?? 0)) / largest}%`;
      bar.title = `${kind}: ${value === null ? "not there" : `${about}${tokens(value)}`}`;
      bars.append(bar);
    }
    const growth = (one.now ?? 0) - (one.before ?? 0);
    const causes = Object.entries(one.through)
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
      .map(([file, by]) => `${file} ${about}${change(by)}`);
    const lost = one.lost.now - one.lost.before;
    const notes = [
      one.before === null ? "new" : one.now === null ? "gone" : "",
      causes.length > 0 ? `by ${causes.slice(0, 5).join(", ")}` : "",
      lost > 0
        ? `${about}${tokens(lost)} no longer arrive`
        : lost < 0
          ? `${about}${tokens(-lost)} arrive again`
          : "",
      one.over ? "now over its budget" : "",
    ].filter((note) => note !== "");
    drawn.append(
      name,
      element("td", one.before === null ? "–" : `${about}${number(one.before)}`, "number"),
      element("td", one.now === null ? "–" : `${about}${number(one.now)}`, "number"),
      element(
        "td",
        `${about}${change(growth)}`,
        `number ${growth > 0 ? "grown" : growth < 0 ? "shrunk" : ""}`,
      ),
      bars,
      element("td", notes.join("; ")),
    );
    at("changed").append(drawn);
  }
}

/** Show what a box or a row stands for. */
function open(id: string): void {
  if (documents.has(id) || contexts.has(id)) {
    window.location.hash = encodeURIComponent(id);
  }
}

function follow(): void {
  const id = decodeURIComponent(window.location.hash.slice(1));
  const [one, context] = [documents.get(id), contexts.get(id)];
  const found = one ?? context;
  at("detail").hidden = found === undefined;
  if (found === undefined) {
    return;
  }
  at("title").textContent = found.name;
  at("text").replaceChildren();
  at("notes").replaceChildren();
  if (one !== undefined) {
    drawDocument(one);
  } else if (context !== undefined) {
    drawContext(id, context);
  }
  at("title").focus();
}

function note(text: string, className = ""): void {
  at("notes").append(element("li", text, className));
}

function drawDocument(one: Document): void {
  const by = one.model === null ? one.encoding : `${one.model}, ${one.encoding}`;
  note(
    `${weight(one)} of ${number(one.budget.limit)} (${share(one.budget.used)}), ${mark(one.tokenizer_exactness)}${number(one.own_tokens)} as typed; ${by}, ${one.exactness}`,
    one.budget.used > 1 ? "over" : "",
  );
  for (const finding of one.findings) {
    note(`line ${finding.line}: ${finding.severity}: ${finding.message}`, finding.severity);
  }
  if (one.resolved === null) {
    note("Its text is not in this page, which would be too large: weighbridge render prints it.");
    return;
  }
  at("text").append(...marked(one.resolved, one.sources, mark(one.tokenizer_exactness)));
}

/** A text with each stretch from elsewhere in a box of its own, named; nested as they are. */
function marked(text: string, sources: readonly Stretch[], about: string): Node[] {
  const top: Node[] = [];
  const inside: { readonly end: number; readonly nodes: { push(node: Node): void } }[] = [];
  let here = 0;
  const into = () => inside.at(-1)?.nodes ?? top;
  const write = (until: number) => {
    if (until > here) {
      into().push(document.createTextNode(text.slice(here, until)));
      here = until;
    }
  };
  const leave = (until: number) => {
    for (let last = inside.at(-1); last !== undefined && last.end <= until; last = inside.at(-1)) {
      write(last.end);
      inside.pop();
    }
  };
  for (const one of sources) {
    leave(one.start);
    write(one.start);
    const stretch = element("span", "", `source depth${Math.min(one.depth, 4)}`);
    stretch.title = one.tokens === null ? one.name : `${one.name}: ${about}${tokens(one.tokens)}`;
    stretch.append(element("span", stretch.title, "origin"));
    into().push(stretch);
    inside.push({ end: one.end, nodes: { push: (node) => stretch.append(node) } });
  }
  leave(text.length);
  write(text.length);
  return top;
}

function drawContext(id: string, context: Context): void {
  note(`${weight(context)}; ${context.encoding}, ${context.exactness}; as of ${context.as_of}`);
  for (const one of context.not_loaded) {
    note(`not loaded: ${one.name}: ${one.reason}`);
  }
  for (const part of context.parts) {
    at("text").append(element("span", part.where, "origin part"));
    if (part.pieces === null) {
      note(`${part.where}: its text is not in this page, which would be too large`);
      continue;
    }
    for (const piece of part.pieces) {
      const drawn = element("span", "", piece.name === null ? "label" : "source depth1");
      if (piece.name !== null) {
        drawn.append(element("span", piece.name, "origin"));
      }
      drawn.append(document.createTextNode(piece.text));
      if (piece.lost !== null) {
        const lost = element("del", piece.lost.text, "lost");
        lost.title = piece.lost.reason;
        const why = element(
          "span",
          `${mark(context.exactness)}${tokens(piece.lost.tokens)} never arrive: ${piece.lost.reason}`,
          "origin lost",
        );
        drawn.append(why, lost);
      }
      at("text").append(drawn);
    }
  }
  drawMap(id);
}
