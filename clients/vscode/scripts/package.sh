#!/usr/bin/env bash
# Builds clients/vscode/weighbridge-<platform>.vsix: the extension with its server in it.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
. scripts/node.sh
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=linux-x64 ;;
  Linux-aarch64) target=linux-arm64 ;;
  Darwin-x86_64) target=darwin-x64 ;;
  Darwin-arm64) target=darwin-arm64 ;;
  MINGW*-x86_64 | MSYS*-x86_64) target=win32-x64 ;;
  *) echo "no VS Code platform is known for $(uname -s) $(uname -m)" >&2; exit 2 ;;
esac
if [ ! -d node_modules ]; then
  npm ci --no-audit --no-fund --loglevel=error
fi
bash scripts/freeze.sh
node esbuild.mjs
cp ../../LICENSE LICENSE
node node_modules/@vscode/vsce/vsce package --no-dependencies --target "$target" --out "weighbridge-$target.vsix"
rm LICENSE
ls -lh "weighbridge-$target.vsix"
