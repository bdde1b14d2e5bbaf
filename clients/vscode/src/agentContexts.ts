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
 * Agents with what each loads, the largest first. `elsewhere`: the same for the folder that it is compared with; what loads
 * only there is listed, too.
 */
export function agentRows(
  here: readonly AgentContext[],
  elsewhere: readonly AgentContext[] | undefined,
): readonly Row<AgentContext>[] {
  const there = new Map(elsewhere?.map((one) => [one.agent, one]));
  const rows = [...here]
    .sort((one, other) => other.tokens - one.tokens)
    .map((one): Row<AgentContext> => {
      const before = there.get(one.agent);
      const cut = one.entries.find((entry) => entry.lost !== null);
      return {
        label: one.agent,
        description: [
          `${mark(one.exactness)}${tokens(one.tokens)}`,
          files(one.entries.length),
          ...(cut === undefined ? [] : [`${name(cut.path, one.folder)} ${lostText(cut, one)}`]),
        ].join(" · "),
        detail: elsewhere === undefined ? "" : difference(one, before),
        of: one,
      };
    });
  const known = new Set(here.map((one) => one.agent));
  const gone = (elsewhere ?? []).filter((one) => !known.has(one.agent));
  return [
    ...rows,
    ...gone.map((one) => ({
      label: one.agent,
      description: "nothing",
      detail: difference({ ...one, tokens: 0, entries: [] }, one),
      of: { ...one, tokens: 0, entries: [] },
    })),
  ];
}

/** An agent's files in the order in which they arrive, then those that do not load. */
export function fileRows(context: AgentContext): readonly Row<{ path: string; line: number }>[] {
  return [
    ...context.entries.map((entry) => ({
      label: name(entry.path, context.folder),
      description: `${mark(context.exactness)}${tokens(entry.tokens)}`,
      detail: [
        ...(entry.imported_by === null ? [] : [`imported by ${name(entry.imported_by, context.folder)}`]),
        ...(entry.lost === null ? [] : [lostText(entry, context)]),
      ].join(" · "),
      of: { path: entry.path, line: entry.lost?.line ?? 0 },
    })),
    ...context.not_loaded.map((one) => ({
      label: name(one.path, context.folder),
      description: "not loaded",
      detail: one.reason,
      of: { path: one.path, line: 0 },
    })),
  ];
}

function lostText(entry: AgentEntry, context: AgentContext): string {
  const lost = entry.lost;
  return lost === null
    ? ""
    : `cut at line ${number(lost.line + 1)}: ${mark(context.exactness)}${tokens(lost.tokens)} never arrive`;
}

/** What is another than elsewhere: tokens, files that come, files that are missing. */
function difference(here: AgentContext, elsewhere: AgentContext | undefined): string {
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
    ...(more.length === 0 ? [] : [`with ${named(more, here.folder)}`]),
    ...(less.length === 0 ? [] : [`without ${named(less, elsewhere?.folder ?? here.folder)}`]),
  ].join(" · ");
}

function named(paths: readonly string[], folder: string): string {
  const some = paths.slice(0, MOST_NAMED).map((path) => name(path, folder));
  return [...some, ...(paths.length > MOST_NAMED ? ["…"] : [])].join(", ");
}

function files(count: number): string {
  return `${number(count)} ${count === 1 ? "file" : "files"}`;
}

/** A path from the folder that the agent is started in, if it lies in it. */
function name(path: string, folder: string): string {
  return [`${folder}/`, `${folder}\\`].some((above) => path.startsWith(above))
    ? path.slice(folder.length + 1)
    : path;
}
