/** What the report's page shows, as `page/contents.py` of the server writes it. */

import type { Exactness, Report } from "./report";

/** A stretch of a text, in UTF-16 units, that came from somewhere else; `depth` from 1. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly name: string;
  readonly tokens: number | null;
}

export interface Document extends Report {
  readonly name: string;
  readonly findings: readonly {
    readonly severity: string;
    readonly message: string;
    readonly line: number;
  }[];
  /** The resolved text and where it came from; null where the page would be too large. */
  readonly resolved: string | null;
  readonly sources: readonly Stretch[];
}

/** One stretch of what an agent loads: words of its own, or a file's text (`name`), and what of that file never arrives. */
export interface Piece {
  readonly text: string;
  readonly name: string | null;
  readonly lost: { readonly text: string; readonly tokens: number; readonly reason: string } | null;
}

export interface Context {
  readonly name: string;
  readonly as_of: string;
  readonly tokens: number;
  readonly exactness: Exactness;
  readonly encoding: string;
  readonly entries: readonly { readonly name: string; readonly tokens: number; readonly lost: number }[];
  readonly not_loaded: readonly { readonly name: string; readonly reason: string }[];
  readonly parts: readonly { readonly where: string; readonly pieces: readonly Piece[] | null }[];
}

export interface Changed {
  readonly name: string;
  readonly before: number | null;
  readonly now: number | null;
  readonly through: Readonly<Record<string, number>>;
  readonly lost: { readonly before: number; readonly now: number };
  readonly over: boolean;
  readonly exact: boolean;
}

export interface Shown {
  readonly name: string;
  readonly documents: readonly Document[];
  readonly contexts: readonly Context[];
  readonly changes: { readonly revision: string; readonly all: readonly Changed[] } | null;
}
