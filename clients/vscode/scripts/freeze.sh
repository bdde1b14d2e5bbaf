#!/usr/bin/env bash
# Freezes the server into clients/vscode/server/: a folder with its own interpreter and vocabularies, which needs no
# Python where it runs. For the platform that this runs on.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$here/../.." && pwd)
build=$here/build
python=${PYTHON:-python3}

"$python" -m venv --clear "$build/env"
pip() { "$build/env/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install 'pyinstaller>=6.16,<7'
# The fast engine is compiled: where there is none for a platform the server does without.
pip install "$root[fast]" || pip install "$root"
metadata=(--copy-metadata tiktoken)
if "$build/env/bin/python" -c 'import splintr' 2>/dev/null; then
  metadata+=(--copy-metadata splintr-rs)
fi
# Symbols are half of its size on Linux; elsewhere stripping isn't safe.
strip=()
if [ "$(uname -s)" = Linux ]; then
  strip=(--strip)
fi
rm -rf "$build/dist" "$here/server"
"$build/env/bin/pyinstaller" --log-level ERROR --noconfirm --onedir "${strip[@]}" --name weighbridge \
  --distpath "$build/dist" --workpath "$build/work" --specpath "$build" \
  --collect-data weighbridge --collect-submodules weighbridge "${metadata[@]}" \
  --exclude-module tkinter --exclude-module pip --exclude-module setuptools \
  "$root/server/weighbridge/__main__.py"
mv "$build/dist/weighbridge" "$here/server"
"$here/server/weighbridge" --version
du -sh "$here/server" | cut -f1
