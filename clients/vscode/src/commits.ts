/** What Git has of a document: how many tokens it had, as typed, at the last commit. By VS Code's own extension for Git. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import type { Status } from "./report";

/** What is used of the extension's interface. */
interface Git {
  getAPI(version: 1): {
    getRepository(uri: vscode.Uri): {
      readonly state: { readonly HEAD?: { readonly commit?: string } };
      show(commit: string, path: string): Promise<string>;
    } | null;
  };
}

export class Commits {
  /** The last answer, and what it was of. */
  private last: { readonly of: string; readonly tokens: Promise<number | undefined> } | undefined;

  constructor(private readonly documents: Documents) {}

  /** By how many tokens the text, as typed, has grown since the last commit; nothing for what isn't in one. */
  async change(document: vscode.TextDocument, status: Status): Promise<number | undefined> {
    const git = vscode.extensions.getExtension<Git>("vscode.git");
    if (document.uri.scheme !== "file" || git?.isActive !== true) {
      return undefined;
    }
    try {
      const repository = git.exports.getAPI(1).getRepository(document.uri);
      const commit = repository?.state.HEAD?.commit;
      if (repository === null || commit === undefined) {
        return undefined;
      }
      const of = [document.uri, commit, status.encoding].join(" ");
      if (this.last?.of !== of) {
        const text = repository.show(commit, document.uri.fsPath);
        const tokens = text.then(
          async (found) => (await this.documents.countTexts(document, [found]))?.tokens,
        );
        this.last = { of, tokens };
      }
      const before = await this.last.tokens;
      return before === undefined || status.own_tokens === null ? undefined : status.own_tokens - before;
    } catch {
      // Git is turned off, or the file is in no commit yet.
      return undefined;
    }
  }
}
