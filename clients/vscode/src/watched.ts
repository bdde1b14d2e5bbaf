/** The prompt that the side views show: the active editor's, or the last one's while a view or another file has the focus. */

import * as vscode from "vscode";
import type { Loaded } from "./contextTree";
import type { Documents } from "./documents";
import type { AgentContext, Report } from "./report";

/** Milliseconds between two reports: a document of ten thousand headings has a long one. */
const REST = 150;

export class Watched implements vscode.Disposable {
  private readonly change$ = new vscode.EventEmitter<void>();
  /** There is another document, or another report. */
  readonly onDidChange = this.change$.event;
  document: vscode.TextDocument | undefined;
  report: Report | undefined;
  private context: AgentContext | undefined;

  private readonly disposables: vscode.Disposable[];
  private readonly viewers = new Set<() => boolean>();
  private timer: NodeJS.Timeout | undefined;
  private asking = false;
  private again = false;

  constructor(private readonly documents: Documents) {
    this.disposables = [
      this.change$,
      vscode.window.onDidChangeActiveTextEditor(() => this.follow()),
      documents.onDidChange((uri) => {
        if (this.document !== undefined && uri.toString() === this.document.uri.toString()) {
          this.refreshSoon();
        } else {
          this.follow();
        }
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document === this.document) {
          this.document = undefined;
          this.report = undefined;
          this.context = undefined;
          this.change$.fire();
        }
      }),
    ];
    this.follow();
  }

  /** All that the agent loads whose file the document is. */
  get loaded(): Loaded | undefined {
    const { document, context } = this;
    if (document === undefined || context === undefined) {
      return undefined;
    }
    const workspace = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath ?? context.folder;
    return { context, workspace, uriOf: (path) => vscode.Uri.file(path).toString() };
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  /** Who looks: a report is asked for only while one of them says so. */
  seenBy(looking: () => boolean): vscode.Disposable {
    this.viewers.add(looking);
    return new vscode.Disposable(() => this.viewers.delete(looking));
  }

  refreshSoon(): void {
    if (this.timer === undefined) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        void this.refresh();
      }, REST);
    }
  }

  async refresh(): Promise<void> {
    const document = this.document;
    if (document === undefined || ![...this.viewers].some((looking) => looking())) {
      return;
    }
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    try {
      const report = await this.documents.report(document);
      const context = report === undefined ? undefined : await this.documents.context(report);
      if (report !== undefined && document === this.document) {
        this.report = report;
        this.context = context;
        this.change$.fire();
      }
    } finally {
      this.asking = false;
      if (this.again) {
        this.again = false;
        this.refreshSoon();
      }
    }
  }

  private follow(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document !== undefined && document !== this.document && this.documents.counts(document)) {
      this.document = document;
      this.report = undefined;
      this.context = undefined;
      this.change$.fire();
      this.refreshSoon();
    }
  }
}
