/** What the server says of a document: the JSON of `weighbridge/status` and `weighbridge/report`. */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export type Exactness = "exact" | "reconstruction" | "estimate";
export type Severity = "information" | "warning" | "error";
export type State = "pending" | "resolved" | "stale" | "failed";

export interface Budget {
  /** Tokens. */
  readonly limit: number;
  /** The share of it that is used: 1 is all. */
  readonly used: number;
  readonly severity: Severity | null;
}

export interface Totals {
  readonly total: number;
  readonly resolved: number;
  readonly pending: number;
  readonly failed: number;
  /** Counted by the settings' sample, or by an old answer. */
  readonly sampled?: number;
  readonly stale?: number;
}

/** Of a document, parts of one, or texts. */
export interface Count {
  readonly tokens: number;
  readonly exactness: Exactness;
  /** As it is written, the same in every editor. */
  readonly text: string;
}

interface Counts {
  readonly uri: string;
  readonly version: number | null;
  readonly state: "counting" | "ready";
  /** All of it in a few words, the same in every editor. */
  readonly text: string;
  readonly model: string | null;
  readonly encoding: string;
  readonly exactness: Exactness;
  readonly cost: { readonly input_usd: number } | null;
}

export interface Status extends Counts {
  /** As in a report; null until they are known for the first time. */
  readonly tokens: number | null;
  readonly own_tokens: number | null;
  readonly budget: Omit<Budget, "used"> & { readonly used: number | null };
  readonly references: Totals;
}

export interface Section {
  readonly title: string;
  readonly level: number;
  readonly range: Range;
  /** Resolved, with its subsections. */
  readonly tokens: number;
}

export interface Reference {
  readonly kind: "file" | "api" | "variable";
  readonly target: string;
  /** In the text it stands in: the document's, or the content's that it is nested in. */
  readonly range: Range;
  readonly state: State;
  readonly tokens: number | null;
  readonly reason: string | null;
  readonly uri: string | null;
  readonly references: readonly Reference[];
}

export interface Report extends Counts {
  /** Of the text as the model receives it. */
  readonly tokens: number;
  /** Of the text as typed. */
  readonly own_tokens: number;
  readonly budget: Budget;
  readonly dialect: string;
  /** The agent whose file it is, and the folder that the agent is started in; absent of a prompt. */
  readonly agent?: string;
  readonly folder?: string;
  /** Of parts that hold nothing stale. */
  readonly tokenizer_exactness: Exactness;
  readonly sections: readonly Section[];
  readonly references: readonly Reference[];
}

/** A stretch of a resolved text and where it came from. */
export interface Source {
  readonly range: Range;
  readonly name: string;
  readonly uri: string | null;
  readonly tokens: number | null;
  /** These as they are written, the same in every editor. */
  readonly text: string | null;
  /** From 1: what the document refers to itself. */
  readonly depth: number;
}

export interface Model {
  readonly name: string;
  readonly family: string;
  readonly encoding: string;
  readonly exactness: Exactness;
  /** Tokens. */
  readonly context_window: number | null;
  readonly input_usd_per_million: number | null;
}

/** A file in what an agent loads, of `weighbridge/context`. */
export interface AgentEntry {
  readonly path: string;
  readonly tokens: number;
  readonly imported_by: string | null;
  readonly lost: { readonly line: number; readonly character: number; readonly tokens: number } | null;
}

/** What an agent loads when it is started in a folder. */
export interface AgentContext {
  readonly agent: string;
  readonly title: string;
  /** Whether its rules were seen on the wire, or only read in its source or documentation. */
  readonly recorded: boolean;
  readonly folder: string;
  readonly tokens: number;
  readonly exactness: Exactness;
  readonly entries: readonly AgentEntry[];
  /** What is meant as an import and brings nothing; `line` from 0. */
  readonly ignored: readonly {
    readonly path: string;
    readonly line: number;
    readonly text: string;
    readonly reason: string;
  }[];
  readonly not_loaded: readonly { readonly path: string; readonly reason: string }[];
}
