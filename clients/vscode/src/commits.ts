/** What Git has of a document: how many tokens it had, as typed, at the last commit. By VS Code's own extension for Git. */

import * as vscode from "vscode";
import type { Documents } from "./documents";
import type { Status } from "./report";

/** What is used of the extension's interface. */
interface Git {
  readonly enabled: boolean;
  readonly onDidChangeEnablement: vscode.Event<boolean>;
  getAPI(version: 1): {
    readonly repositories: readonly Repository[];
    readonly onDidOpenRepository: vscode.Event<Repository>;
    getRepository(uri: vscode.Uri): Repository | null;
  };
}

interface Repository {
  readonly state: { readonly HEAD?: { readonly commit?: string }; readonly onDidChange: vscode.Event<void> };
  show(commit: string, path: string): Promise<string>;
}

export class Commits implements vscode.Disposable {
  private readonly change$ = new vscode.EventEmitter<void>();
  /** There may be another last commit: a repository was opened, or its branch moved. */
  readonly onDidChange = this.change$.event;
  private readonly disposables: vscode.Disposable[] = [this.change$];
  private git: Git | undefined;
  /** The last answer, and what it was of. */
  private last: { readonly of: string; readonly tokens: Promise<number | undefined> } | undefined;

  constructor(private readonly documents: Documents) {
    // Git's extension may start later than this one, and finds its repositories later still.
    vscode.extensions
      .getExtension<Git>("vscode.git")
      ?.activate()
      .then((git) => {
        this.git = git;
        this.disposables.push(git.onDidChangeEnablement(() => this.follow()));
        this.follow();
      }, noGit);
  }

  dispose(): void {
    for (const one of this.disposables) {
      one.dispose();
    }
  }

  /** By how many tokens the text, as typed, has grown since the last commit; nothing for what isn't in one. */
  async change(document: vscode.TextDocument, status: Status): Promise<number | undefined> {
    if (document.uri.scheme !== "file" || this.git?.enabled !== true) {
      return undefined;
    }
    try {
      const repository = this.git.getAPI(1).getRepository(document.uri);
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
      // The file is in no commit yet.
      return undefined;
    }
  }

  private follow(): void {
    if (this.git?.enabled !== true) {
      return;
    }
    const git = this.git.getAPI(1);
    this.disposables.push(git.onDidOpenRepository((repository) => this.watch(repository)));
    for (const repository of git.repositories) {
      this.watch(repository);
    }
  }

  private watch(repository: Repository): void {
    let commit = repository.state.HEAD?.commit;
    this.change$.fire();
    // Most of its changes are of files, not of commits.
    const follow = repository.state.onDidChange(() => {
      if (repository.state.HEAD?.commit !== commit) {
        commit = repository.state.HEAD?.commit;
        this.change$.fire();
      }
    });
    this.disposables.push(follow);
  }
}

/** Git's extension can't start: nothing is said of commits. */
function noGit(): void {}
