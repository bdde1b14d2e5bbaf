/** What is known of each document: its status, as the server tells it, and its report, asked for when somebody looks. */

import * as vscode from "vscode";
import { type Report, type Status, statusOf } from "./report";
import type { Server } from "./server";

export type Shown = "prompts" | "always" | "never";

export class Documents implements vscode.Disposable {
  private readonly change$ = new vscode.EventEmitter<vscode.Uri>();
  /** Something is known that wasn't, or no longer. */
  readonly onDidChange = this.change$.event;

  private readonly statuses = new Map<string, Status>();
  /** Documents that the server tells of by itself: prompts. */
  private readonly told = new Set<string>();
  /** Documents whose counts the user asked for, though they are no prompts. */
  private readonly asked = new Set<string>();
  private readonly disposables: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server) {
    this.disposables = [
      this.change$,
      server.onStatus((status) => {
        this.told.add(status.uri);
        this.statuses.set(status.uri, status);
        this.changed(status.uri);
      }),
      server.onDidChangeLife((life) => {
        if (life !== "running") {
          this.statuses.clear();
          this.told.clear();
        }
        this.look();
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.forget(document)),
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.contentChanges.length > 0 && !this.told.has(this.uriOf(event.document))) {
          // No prompt: the server says nothing of it by itself. It is asked when the user rests.
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.look(), 300);
        }
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.look()),
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

  /** What is shown of a document: nothing of one that is no prompt, unless somebody asked. */
  status(document: vscode.TextDocument): Status | undefined {
    return this.statuses.get(this.uriOf(document));
  }

  /** The whole report, as things stand. */
  async report(document: vscode.TextDocument): Promise<Report | undefined> {
    return this.server.ask<Report>("weighbridge/report", { textDocument: { uri: this.uriOf(document) } });
  }

  /** The report once it is true. */
  async trueReport(document: vscode.TextDocument): Promise<Report | undefined> {
    await this.count(document);
    return this.report(document);
  }

  /** Tokens of parts of a document, or of all of it; waits until they are true. */
  async count(
    document: vscode.TextDocument,
    ranges?: readonly vscode.Range[],
    token?: vscode.CancellationToken,
  ): Promise<number | undefined> {
    const params = {
      textDocument: { uri: this.uriOf(document) },
      ...(ranges === undefined ? {} : { ranges: ranges.map(plain) }),
    };
    return (await this.server.ask<{ tokens: number }>("weighbridge/count", params, token))?.tokens;
  }

  /** Show a document's counts from now on, prompt or not. */
  async show(document: vscode.TextDocument): Promise<void> {
    this.asked.add(this.uriOf(document));
    await this.askFor(document);
  }

  /** Ask for what isn't told: of the active document, if it is wanted. */
  private look(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined || !this.counts(document)) {
      return;
    }
    const uri = this.uriOf(document);
    if (!this.told.has(uri) && (this.asked.has(uri) || shown() === "always")) {
      void this.askFor(document);
    }
  }

  private async askFor(document: vscode.TextDocument): Promise<void> {
    const report = await this.trueReport(document);
    if (report !== undefined && !document.isClosed) {
      this.statuses.set(report.uri, statusOf(report));
      this.changed(report.uri);
    }
  }

  private forget(document: vscode.TextDocument): void {
    const uri = this.uriOf(document);
    this.asked.delete(uri);
    this.told.delete(uri);
    if (this.statuses.delete(uri)) {
      this.changed(uri);
    }
  }

  private changed(uri: string): void {
    this.change$.fire(vscode.Uri.parse(uri, true));
  }
}

function shown(): Shown {
  return vscode.workspace.getConfiguration("weighbridge").get<Shown>("statusBar", "prompts");
}

function plain(range: vscode.Range): unknown {
  return {
    start: { line: range.start.line, character: range.start.character },
    end: { line: range.end.line, character: range.end.character },
  };
}
