#!/usr/bin/env bash
# Puts the pictures that the tests in the real VS Code took where the README shows them, as few bytes.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
if ! command -v pngquant >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pngquant >/dev/null
fi
for name in "open open" "map map" "overview preview" "threshold-error threshold"; do
  read -r from to <<<"$name"
  pngquant --force --strip --speed 1 --output "$root/docs/vscode-$to.png" "$root/artefacts/editors/vscode/$from.png"
done
ls -l "$root"/docs/vscode-*.png
