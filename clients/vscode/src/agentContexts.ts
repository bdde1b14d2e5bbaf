/** What agents load, as lists to choose from; and what changes for each when it is started in another folder. */

import type { AgentContext, AgentEntry } from "./report";
import { change, mark, number, tokens } from "./wording";

export interface Row<T> {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly of: T;
}

/** Files that are named in one line. */
const MOST_NAMED = 4;

/** Where an agent may be started for a file: the workspace's folder, then each below it down to the file's own. */
export function startFolders(workspace: string, file: string | undefined): readonly string[] {
  if (file === undefined || !file.startsWith(`${workspace}/`)) {
    return [workspace];
  }
  const below = file
    .slice(workspace.length + 1)
    .split("/")
    .slice(0, -1);
  return [workspace, ...below.map((_, at) => [workspace, ...below.slice(0, at + 1)].join("/"))];
}

/**
 * Agents with what each loads: those first that lose something, then the largest. `elsewhere`: the same for the folder that it
 * is compared with; what loads only there is listed, too. `workspace`: the folder in which files are named from where the
 * agent is started.
 */
export function agentRows(
  here: readonly AgentContext[],
  elsewhere: readonly AgentContext[] | undefined,
  workspace: string,
): readonly Row<AgentContext>[] {
  const there = new Map(elsewhere?.map((one) => [one.agent, one]));
  const rows = [...here]
    .sort((one, other) => losses(other) - losses(one) || other.tokens - one.tokens)
    .map((one): Row<AgentContext> => {
      const cut = one.entries.find((entry) => entry.lost !== null);
      const vain = one.ignored.length;
      return {
        label: label(one),
        description: `${mark(one.exactness)}${tokens(one.tokens)} · ${files(one.entries.length)}`,
        detail: [
          ...(cut === undefined
            ? []
            : [`${pathFrom(cut.path, one.folder, workspace)} ${lostText(cut, one)}`]),
          ...(vain === 0
            ? []
            : [`${number(vain)} ${vain === 1 ? "import brings" : "imports bring"} nothing`]),
          ...(elsewhere === undefined ? [] : [difference(one, there.get(one.agent), workspace)]),
        ].join(" · "),
        of: one,
      };
    });
  const known = new Set(here.map((one) => one.agent));
  const gone = (elsewhere ?? []).filter((one) => !known.has(one.agent));
  return [
    ...rows,
    ...gone.map((one) => ({
      label: label(one),
      description: "nothing",
      detail: difference({ ...one, tokens: 0, entries: [] }, one, workspace),
      of: { ...one, tokens: 0, entries: [] },
    })),
  ];
}

/** An agent's files in the order in which they arrive, then imports that bring nothing, then files that do not load. */
export function fileRows(
  context: AgentContext,
  workspace: string,
): readonly Row<{ path: string; line: number }>[] {
  const named = (path: string) => pathFrom(path, context.folder, workspace);
  const told = new Set(context.ignored.map((one) => one.reason));
  return [
    ...context.entries.map((entry) => ({
      label: named(entry.path),
      description: `${mark(context.exactness)}${tokens(entry.tokens)}`,
      detail: [
        ...(entry.imported_by === null ? [] : [`imported by ${named(entry.imported_by)}`]),
        ...(entry.lost === null ? [] : [lostText(entry, context)]),
      ].join(" · "),
      of: { path: entry.path, line: entry.lost?.line ?? 0 },
    })),
    ...context.ignored.map((one) => ({
      label: one.text,
      description: `not imported by ${named(one.path)}`,
      detail: one.reason,
      of: { path: one.path, line: one.line },
    })),
    // What an import names is told of there.
    ...context.not_loaded
      .filter((one) => !told.has(one.reason))
      .map((one) => ({
        label: named(one.path),
        description: "not loaded",
        detail: one.reason,
        of: { path: one.path, line: 0 },
      })),
  ];
}

function label(context: AgentContext): string {
  return context.recorded ? context.title : `${context.title} (as read, not recorded)`;
}

function losses(context: AgentContext): number {
  return context.ignored.length + context.entries.filter((entry) => entry.lost !== null).length;
}

/** `cut at line 12: 340 tokens never arrive`; nothing where all arrives. */
export function lostText(entry: AgentEntry, context: AgentContext): string {
  const lost = entry.lost;
  return lost === null
    ? ""
    : `cut at line ${number(lost.line + 1)}: ${mark(context.exactness)}${tokens(lost.tokens)} never arrive`;
}

/** What is another than elsewhere: tokens, files that come, files that are missing. */
function difference(here: AgentContext, elsewhere: AgentContext | undefined, workspace: string): string {
  const before = new Set(elsewhere?.entries.map((entry) => entry.path));
  const now = new Set(here.entries.map((entry) => entry.path));
  const more = [...now].filter((path) => !before.has(path));
  const less = [...before].filter((path) => !now.has(path));
  const grown = here.tokens - (elsewhere?.tokens ?? 0);
  if (grown === 0 && more.length === 0 && less.length === 0) {
    return "as in the workspace's folder";
  }
  return [
    change(grown),
    ...(more.length === 0 ? [] : [`with ${named(more, here.folder, workspace)}`]),
    ...(less.length === 0 ? [] : [`without ${named(less, here.folder, workspace)}`]),
  ].join(" · ");
}

function named(paths: readonly string[], folder: string, workspace: string): string {
  const some = paths.slice(0, MOST_NAMED).map((path) => pathFrom(path, folder, workspace));
  return [...some, ...(paths.length > MOST_NAMED ? ["…"] : [])].join(", ");
}

function files(count: number): string {
  return `${number(count)} ${count === 1 ? "file" : "files"}`;
}

/** A path from the folder that the agent is started in: `../AGENTS.md` for one above; as it is outside of the workspace. */
export function pathFrom(path: string, folder: string, workspace: string): string {
  let up = "";
  for (let from = folder; ; from = from.replace(/[/\\][^/\\]*$/, "")) {
    if ([`${from}/`, `${from}\\`].some((above) => path.startsWith(above))) {
      return up + path.slice(from.length + 1);
    }
    if (from.length <= workspace.length || !/[/\\]/.test(from)) {
      return path;
    }
    up += "../";
  }
}
