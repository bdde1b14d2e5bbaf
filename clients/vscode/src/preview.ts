/** The resolved prompt as a read-only document: what the model receives, each source marked, kept true while one types. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import { RESOLVED, resolvedOf, sourceOf, toRange } from "./places";
import type { Source } from "./report";
import type { Server } from "./server";
import { escaped } from "./wording";

/** Milliseconds of quiet after which what is shown is made anew. */
const QUIET = 200;
/** Sources that are marked in one preview: more are dust. */
const MOST_MARKED = 5000;

interface Rendered {
  readonly text: string;
  readonly sources: readonly Source[];
}

export class Preview implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly change$ = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.change$.event;
  private readonly disposables: vscode.Disposable[];
  private readonly rendered = new Map<string, Rendered>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly decorations: readonly vscode.TextEditorDecorationType[];

  constructor(
    private readonly server: Server,
    documents: Documents,
  ) {
    // Neighbours differ, so that one sees where one source ends and the next begins.
    this.decorations = ["weighbridge.sourceBackground", "weighbridge.otherSourceBackground"].map((colour) =>
      vscode.window.createTextEditorDecorationType({
        backgroundColor: new vscode.ThemeColor(colour),
        overviewRulerColor: new vscode.ThemeColor(colour),
        overviewRulerLane: vscode.OverviewRulerLane.Left,
      }),
    );
    this.disposables = [
      this.change$,
      ...this.decorations,
      vscode.workspace.registerTextDocumentContentProvider(RESOLVED, this),
      documents.onDidChange((uri) => this.changeSoon(uri)),
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document.uri.scheme === RESOLVED) {
          this.decorate(event.document.uri);
        } else {
          this.changeSoon(event.document.uri);
        }
      }),
      vscode.workspace.onDidCloseTextDocument((document) => this.rendered.delete(document.uri.toString())),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) {
          this.decorate(editor.document.uri);
        }
      }),
    ];
  }

  dispose(): void {
    for (const timer of this.timers.values()) {
      clearTimeout(timer);
    }
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  /** Show a document's resolved text beside it. */
  async show(document: vscode.TextDocument): Promise<void> {
    const preview = await vscode.workspace.openTextDocument(resolvedOf(document.uri));
    await vscode.window.showTextDocument(preview, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
    await vscode.languages.setTextDocumentLanguage(preview, "markdown");
    this.decorate(preview.uri);
  }

  /** The resolved text of a document, or nothing while it can't be had. */
  async text(document: vscode.TextDocument): Promise<string | undefined> {
    return (await this.render(document.uri))?.text;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    const found = await this.render(sourceOf(uri));
    if (found === undefined) {
      return (
        this.rendered.get(key)?.text ?? vscode.l10n.t("(This document can't be resolved now: see the log.)")
      );
    }
    this.rendered.set(key, found);
    return found.text;
  }

  private render(uri: vscode.Uri): Promise<Rendered | undefined> {
    const textDocument = { uri: this.server.uriOf(uri) };
    return this.server.ask<Rendered>("weighbridge/render", { textDocument, sources: true });
  }

  /** Sources change where documents do: wait until it is quiet, then make anew what shows this one. */
  private changeSoon(source: vscode.Uri): void {
    const preview = resolvedOf(source);
    const key = preview.toString();
    if (!vscode.workspace.textDocuments.some((one) => one.uri.toString() === key)) {
      return;
    }
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        this.change$.fire(preview);
      }, QUIET),
    );
  }

  private decorate(uri: vscode.Uri): void {
    const key = uri.toString();
    const found = uri.scheme === RESOLVED ? this.rendered.get(key) : undefined;
    if (found === undefined) {
      return;
    }
    const marked = found.sources.slice(0, MOST_MARKED).map(marking);
    for (const editor of vscode.window.visibleTextEditors) {
      // What was marked in the text before this one is marked when this one has arrived.
      if (editor.document.uri.toString() === key && sameText(editor.document, found.text)) {
        this.decorations.forEach((decoration, parity) => {
          editor.setDecorations(
            decoration,
            marked.filter((_, index) => index % this.decorations.length === parity),
          );
        });
      }
    }
  }
}

/** VS Code makes all line ends of a document the same. */
function sameText(document: vscode.TextDocument, text: string): boolean {
  const plain = (one: string) => one.replace(/\r\n?/g, "\n");
  return plain(document.getText()) === plain(text);
}

function marking(source: Source): vscode.DecorationOptions {
  const range = toRange(source.range);
  const link =
    source.uri === null
      ? escaped(source.name)
      : `[${escaped(source.name)}](${source.uri.replace(/[()]/g, (one) => (one === "(" ? "%28" : "%29"))})`;
  const hover = new vscode.MarkdownString(source.text === null ? link : `${link}: ${source.text}`);
  // Stretches of lines are named where they begin; what stands within a line isn't moved about.
  const named = range.start.line !== range.end.line && range.start.character === 0;
  return {
    range,
    hoverMessage: hover,
    ...(named
      ? {
          renderOptions: {
            before: {
              contentText: `${source.name} ▸ `,
              color: new vscode.ThemeColor("editorCodeLens.foreground"),
              fontStyle: "italic",
              fontWeight: "normal",
            },
          },
        }
      : {}),
  };
}
