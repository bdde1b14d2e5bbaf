/** What is known of each document: its status, as the server tells it, and its report, asked for when somebody looks. */

import * as vscode from "vscode";
import { activeDocument } from "./places";
import type { AgentContext, Count, Report, Status } from "./report";
import type { Server } from "./server";

export type Shown = "prompts" | "always" | "never";

/** Milliseconds of rest after which a file that is no prompt is counted again. */
const REST = 300;
/** Characters of the largest such file: all of it is sent each time. */
const MOST_CHARACTERS = 5_000_000;

export class Documents implements vscode.Disposable {
  private readonly change$ = new vscode.EventEmitter<vscode.Uri>();
  /** Something is known that wasn't, or no longer. */
  readonly onDidChange = this.change$.event;

  /** Of prompts, and of what the user asked for. */
  private readonly statuses = new Map<string, Status>();
  /** Of files that are no prompts, as they are. */
  private readonly plain = new Map<string, Count>();
  /** Documents that the server has and says nothing of: no prompts. */
  private readonly silent = new Set<string>();
  /** Documents whose counts the user asked for, though they are no prompts. */
  private readonly asked = new Set<string>();
  private readonly disposables: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server) {
    this.disposables = [
      this.change$,
      server.onStatus((status) => {
        this.statuses.set(status.uri, status);
        this.silent.delete(status.uri);
        this.changed(status.uri);
      }),
      server.onDidChangeLife((life) => {
        if (life === "running") {
          // It is another server: it knows of no wishes.
          for (const uri of this.asked) {
            void server.command("showCounts", uri);
          }
        } else {
          this.statuses.clear();
          this.silent.clear();
        }
        void this.look();
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.forget(document)),
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.contentChanges.length > 0 && event.document === activeDocument()) {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => void this.look(), REST);
        }
      }),
      vscode.window.onDidChangeActiveTextEditor(() => void this.look()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("weighbridge")) {
          void this.look();
        }
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  /** Whether the server is told of a document at all. */
  counts(document: vscode.TextDocument): boolean {
    return (
      vscode.languages.match(this.server.documents, document) > 0 && !document.fileName.endsWith(".toml")
    );
  }

  uriOf(document: vscode.TextDocument): string {
    return this.server.uriOf(document.uri);
  }

  /** What is shown of a document: nothing of one that is no prompt, unless the user asked for it. */
  status(document: vscode.TextDocument): Status | undefined {
    return this.statuses.get(this.uriOf(document));
  }

  /** Whether it is known that a document shows nothing by itself. */
  isSilent(document: vscode.TextDocument): boolean {
    return this.silent.has(this.uriOf(document));
  }

  /** The count of a file that is no prompt, as it is, where the user wants to see it. */
  plainCount(document: vscode.TextDocument): Count | undefined {
    return shown() === "always" ? this.plain.get(this.uriOf(document)) : undefined;
  }

  /** The whole report, as things stand; none of a document that isn't counted for the first time yet. */
  async report(document: vscode.TextDocument): Promise<Report | undefined> {
    const params = { textDocument: { uri: this.uriOf(document) } };
    const found = await this.server.ask<Report | Status>("weighbridge/report", params);
    return found === undefined || found.tokens === null ? undefined : (found as Report);
  }

  /** The report once it is true. */
  async trueReport(document: vscode.TextDocument): Promise<Report | undefined> {
    await this.count(document);
    return this.report(document);
  }

  /** The count of parts of a document, or of all of it; waits until it is true. */
  async count(
    document: vscode.TextDocument,
    ranges?: readonly vscode.Range[],
    token?: vscode.CancellationToken,
  ): Promise<Count | undefined> {
    if (this.counts(document)) {
      const textDocument = { uri: this.uriOf(document) };
      return this.ask(
        { textDocument, ...(ranges === undefined ? {} : { ranges: ranges.map(plain) }) },
        token,
      );
    }
    const parts = ranges?.map((range) => document.getText(range)) ?? [document.getText()];
    return this.countTexts(document, parts, token);
  }

  /** All that the agent loads whose file a report is of; nothing for a prompt. */
  async context({ agent, folder }: Report): Promise<AgentContext | undefined> {
    if (agent === undefined || folder === undefined) {
      return undefined;
    }
    const params = { folder, agents: [agent] };
    const found = await this.server.ask<{ contexts: readonly AgentContext[] }>("weighbridge/context", params);
    return found?.contexts[0];
  }

  /** The count of texts as they are, each by itself, by a document's tokenizer. */
  async countTexts(
    document: vscode.TextDocument,
    text: readonly string[],
    token?: vscode.CancellationToken,
  ): Promise<Count | undefined> {
    const textDocument = { uri: this.uriOf(document) };
    const characters = text.reduce((sum, one) => sum + one.length, 0);
    return characters > MOST_CHARACTERS ? undefined : this.ask({ textDocument, text }, token);
  }

  /** Show a document's counts from now on, prompt or not. */
  async show(document: vscode.TextDocument): Promise<void> {
    const uri = this.uriOf(document);
    this.asked.add(uri);
    await this.server.command("showCounts", uri);
  }

  private ask(params: object, token?: vscode.CancellationToken): Promise<Count | undefined> {
    return this.server.ask<Count>("weighbridge/count", params, token);
  }

  /** Find out about the document in front of the user what the server doesn't tell by itself. */
  private async look(): Promise<void> {
    const document = activeDocument();
    if (document === undefined || this.status(document) !== undefined) {
      return;
    }
    const uri = this.uriOf(document);
    const always = shown() === "always" && isFile(document);
    if (this.counts(document) && !this.silent.has(uri)) {
      // A prompt's status comes before its count is true.
      if ((await this.count(document)) !== undefined && this.status(document) === undefined) {
        this.silent.add(uri);
        this.changed(uri);
      }
    }
    if (always && this.status(document) === undefined) {
      const found = await this.countTexts(document, [document.getText()]);
      if (found !== undefined && !document.isClosed) {
        this.plain.set(uri, found);
        this.changed(uri);
      }
    }
  }

  private forget(document: vscode.TextDocument): void {
    const uri = this.uriOf(document);
    for (const known of [this.asked, this.silent, this.plain]) {
      known.delete(uri);
    }
    if (this.statuses.delete(uri)) {
      this.changed(uri);
    }
  }

  private changed(uri: string): void {
    this.change$.fire(vscode.Uri.parse(uri, true));
  }
}

/** On which documents the status bar shows counts. */
export function shown(): Shown {
  return vscode.workspace.getConfiguration("weighbridge").get<Shown>("statusBar", "prompts");
}

/** What people write in, not what the workbench shows: output, changes, settings. */
function isFile(document: vscode.TextDocument): boolean {
  return ["file", "untitled", "vscode-notebook-cell", "vscode-vfs", "memfs"].includes(document.uri.scheme);
}

function plain(range: vscode.Range): unknown {
  return {
    start: { line: range.start.line, character: range.start.character },
    end: { line: range.end.line, character: range.end.character },
  };
}
