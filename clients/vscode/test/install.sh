#!/usr/bin/env bash
# Installs what the tests in the real VS Code need, into .editors/ and from package registries only: code-server (VS Code
# as a server), a Node to run it, Chromium to look at it with, and the extension itself, packaged. Can be run again.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$here/../.." && pwd)
version=4.139.1

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v curl >/dev/null || missing+=(curl)
# code-server has two small native modules, which are compiled here.
command -v g++ >/dev/null || missing+=(g++)
command -v make >/dev/null || missing+=(make)
fc-list 2>/dev/null | grep -q DejaVuSans || missing+=(fonts-dejavu-core)
fc-list 2>/dev/null | grep -q NotoColorEmoji || missing+=(fonts-noto-color-emoji)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

. "$here/scripts/node.sh"
target=$root/.editors/vscode
if [ ! -f "$target/installed-$version" ]; then
  mkdir -p "$target"
  cd "$target"
  echo '{"private": true}' >package.json
  npm install --ignore-scripts --no-save --no-audit --no-fund --loglevel=error "code-server@$version"
  # Its own installation builds everything natively, for minutes; these two are all that it can't start without.
  cd node_modules/code-server/lib/vscode
  npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
  JOBS=2 npm rebuild --loglevel=error @vscode/spdlog @vscode/native-watchdog
  ln -sf code-linux.sh bin/remote-cli/code-server
  ln -sf browser-linux.sh bin/helpers/browser.sh
  touch "$target/installed-$version"
fi

bash "$here/scripts/package.sh"
cd "$here"
node esbuild.mjs --tests
