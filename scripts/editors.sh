#!/usr/bin/env bash
# Install each named editor and run its tests in the real program; captures go to artefacts/editors/NAME.
#
#   scripts/editors.sh NAME…
#
# NAME is a folder of clients/ that has test/install.sh, and of tests/real/. All are run, whichever fails.
set -uo pipefail
cd "$(dirname "$0")/.."

known=$(for script in clients/*/test/install.sh; do name=${script#clients/}; printf ' %s' "${name%%/*}"; done)
if [[ $# -eq 0 ]]; then
  echo "usage: $0 NAME…   (there are:$known)" >&2
  exit 2
fi
for name in "$@"; do
  for needed in "clients/$name/test/install.sh" "tests/real/$name"; do
    if [[ ! -e $needed ]]; then
      echo "$0: no editor '$name': $needed is missing (there are:$known)" >&2
      exit 2
    fi
  done
done

summary='' failed=0
for name in "$@"; do
  echo "== $name"
  rm -rf "artefacts/editors/$name"
  began=$SECONDS
  if ! "clients/$name/test/install.sh"; then
    result='not installed'
  else
    installed=$((SECONDS - began))
    tests=(.venv/bin/python -m pytest "tests/real/$name")
    # A real program may miss a key or a movement of the mouse: what failed is tried once more, and said to have been.
    if "${tests[@]}"; then
      result='ok'
    elif "${tests[@]}" --last-failed --last-failed-no-failures none; then
      result='ok, some at the second try'
    else
      result='FAILED'
    fi
    result+=" (install $installed s, tests $((SECONDS - began - installed)) s)"
  fi
  [[ $result == ok* ]] || failed=1
  summary+="${summary:+, }$name $result"
done
echo "editors: $summary"
exit $failed
