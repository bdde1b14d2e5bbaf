#!/usr/bin/env bash
# Install each named editor and run its tests in the real program; captures go to artefacts/editors/NAME.
#
#   scripts/editors.sh [--only-install | --only-test] NAME…
#
# NAME is a folder of clients/ that has test/install.sh, and of tests/real/. All are run, whichever fails.
set -uo pipefail
cd "$(dirname "$0")/.."

only=''
if [[ ${1-} == --only-install || ${1-} == --only-test ]]; then
  only=${1#--only-}
  shift
fi

known=$(for script in clients/*/test/install.sh; do name=${script#clients/}; printf ' %s' "${name%%/*}"; done)
if [[ $# -eq 0 ]]; then
  echo "usage: $0 [--only-install | --only-test] NAME…   (there are:$known)" >&2
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
  result='ok' took=''
  began=$SECONDS
  if [[ $only != test ]]; then
    "clients/$name/test/install.sh" || result='not installed'
    took="install $((SECONDS - began)) s"
  fi
  if [[ $only != install && $result == ok ]]; then
    began=$SECONDS
    rm -rf "artefacts/editors/$name"
    # What failed is kept by editor: another one's tests may be running.
    tests=(.venv/bin/python -m pytest -o "cache_dir=.pytest_cache/$name" "tests/real/$name")
    # A real program may miss a key or a movement of the mouse: what failed is tried once more, and said to have been.
    if ! "${tests[@]}"; then
      result='FAILED'
      "${tests[@]}" --last-failed --last-failed-no-failures none && result='ok, some at the second try'
    fi
    took+="${took:+, }tests $((SECONDS - began)) s"
  fi
  [[ $result == ok* ]] || failed=1
  summary+="${summary:+, }$name $result ($took)"
done
echo "editors: $summary"
exit $failed
