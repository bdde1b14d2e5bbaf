/** The server's texts as read-only documents: what the model receives, each source marked, kept true while one types. */

import * as vscode from "vscode";
import { RESOLVED, resolvedOf, TEXTS, toRange } from "./places";
import type { Source } from "./report";
import type { Server } from "./server";
import { escaped } from "./wording";

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
  private readonly decorations: readonly vscode.TextEditorDecorationType[];

  constructor(private readonly server: Server) {
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
      vscode.workspace.registerTextDocumentContentProvider(TEXTS, this),
      server.onDidChangeText((uri) => this.change$.fire(uri)),
      server.onDidChangeLife((life) => {
        if (life === "running") {
          // It is another server: it knows of none that are shown.
          for (const { uri } of vscode.workspace.textDocuments.filter((one) => one.uri.scheme === TEXTS)) {
            this.change$.fire(uri);
          }
        }
      }),
      vscode.workspace.onDidChangeTextDocument((event) => this.mark(event.document)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const document of new Set(editors.map((editor) => editor.document))) {
          void this.mark(document);
        }
      }),
    ];
  }

  dispose(): void {
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
  }

  /** A text of the server's, or nothing while it can't be had. */
  async text(uri: vscode.Uri): Promise<string | undefined> {
    const params = { uri: this.server.uriOf(uri) };
    return (await this.server.ask<{ text: string }>("workspace/textDocumentContent", params))?.text;
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const shown = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
    return (
      (await this.text(uri)) ??
      shown?.getText() ??
      vscode.l10n.t("(This document can't be resolved now: see the log.)")
    );
  }

  /** Mark what each stretch of a resolved text came from. */
  private async mark(document: vscode.TextDocument): Promise<void> {
    const editors = () => vscode.window.visibleTextEditors.filter((one) => one.document === document);
    const { scheme, path, query } = document.uri;
    if (scheme !== TEXTS || !path.startsWith(RESOLVED) || editors().length === 0) {
      return;
    }
    const textDocument = { uri: query };
    const found = await this.server.ask<Rendered>("weighbridge/render", { textDocument, sources: true });
    // What is another text by now is marked when it has arrived here.
    if (found === undefined || !sameText(document, found.text)) {
      return;
    }
    const marked = found.sources.slice(0, MOST_MARKED).map(marking);
    for (const editor of editors()) {
      this.decorations.forEach((decoration, parity) => {
        editor.setDecorations(
          decoration,
          marked.filter((_, index) => index % this.decorations.length === parity),
        );
      });
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
