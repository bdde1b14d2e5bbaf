# Sourced: puts a Node of version 22 or later first on the PATH, as packaging wants it; fetched from npm's registry where
# the machine's own is older (Linux).
if [ "$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -lt 22 ] 2>/dev/null; then
  tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/.editors/node
  package=node-linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/')
  if [ ! -x "$tools/node_modules/$package/bin/node" ]; then
    npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error "$package@24.21.0"
  fi
  PATH=$tools/node_modules/$package/bin:$PATH
  export PATH npm_config_nodedir=$tools/node_modules/$package
fi
