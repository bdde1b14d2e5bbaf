#!/usr/bin/env bash
# Puts the pictures that the tests in the real VS Code and Neovim took (`make editors`) where the pages show them, as few bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v pngquant >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pngquant >/dev/null
fi
for name in "open open" "context-files context" "map map" "overview preview" "threshold-error threshold"; do
  read -r from to <<<"$name"
  pngquant --force --strip --speed 1 --output "docs/vscode-$to.png" "artefacts/editors/vscode/$from.png"
done
cp artefacts/editors/neovim/threshold.svg docs/neovim.svg
cp artefacts/editors/neovim/a-context-file-is-cut-where-its-agent-stops.svg docs/neovim-context.svg
ls -l docs/*.png docs/*.svg
