#!/usr/bin/env bash
# Install those of the named Debian packages that this machine lacks.  usage: scripts/apt.sh PACKAGE…   (root)
set -euo pipefail
lacking=()
for package in "$@"; do
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || lacking+=("$package")
done
[[ ${#lacking[@]} -eq 0 ]] && exit 0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${lacking[@]}") >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "$0: could not install ${lacking[*]}" >&2
  exit 1
}
