#!/usr/bin/env bash
# A Debian 13 tree in .editors/debian13, for editors that are newer there than on this machine.
#
#   scripts/debian13.sh install PACKAGE…   make the tree, if it isn't there, and install what it lacks (root)
#   scripts/debian13.sh server             install this checkout's server for the tree's own Python, in /opt/weighbridge
#   scripts/debian13.sh run COMMAND…       run a command in the tree, which sees this checkout and /tmp where they are
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
tree=$root/.editors/debian13

run() {
  # A mount namespace of its own: nothing has to be unmounted, whatever happens.
  exec unshare --mount --propagation private bash -c '
    tree=$1 root=$2; shift 2
    mkdir -p "$tree$root"
    mount --bind "$root" "$tree$root"
    mount --bind /tmp "$tree/tmp"
    mount -t proc proc "$tree/proc"
    mount --rbind /dev "$tree/dev"
    exec chroot "$tree" "$@"' sh "$tree" "$root" "$@"
}

make_tree() {
  command -v debootstrap >/dev/null || "$root/scripts/apt.sh" debootstrap
  local mirror
  mirror=$(grep -hm1 -oE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -1) || true
  rm -rf "$tree"
  mkdir -p "$tree"
  debootstrap --variant=minbase --include=ca-certificates,python3-venv trixie "$tree" "${mirror:-http://deb.debian.org/debian}" >"$tree.log" 2>&1 || {
    tail -n 20 "$tree.log" >&2
    exit 1
  }
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"   # no service is started in it
  chmod +x "$tree/usr/sbin/policy-rc.d"
  touch "$tree/.made"
}

lacks() {
  local package
  for package in "$@"; do
    chroot "$tree" dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || return 0
  done
  return 1
}

case ${1:?install, server or run} in
install)
  shift
  [[ -e $tree/.made ]] || make_tree
  lacks "$@" || exit 0
  cp --remove-destination "$(readlink -f /etc/resolv.conf)" "$tree/etc/resolv.conf"
  cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
  ("$0" run apt-get update -qq && "$0" run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@") >"$tree.log" 2>&1 || {
    tail -n 20 "$tree.log" >&2
    exit 1
  }
  ;;
server)
  stamp=$tree/opt/weighbridge/installed
  [[ $stamp -nt $root/pyproject.toml ]] && exit 0
  # pip as this machine's owner set it up.
  if [[ -e /etc/pip.conf ]]; then cp /etc/pip.conf "$tree/etc/pip.conf"; fi
  "$0" run python3 -m venv /opt/weighbridge
  "$0" run /opt/weighbridge/bin/pip install --quiet --quiet --disable-pip-version-check --editable "$root"
  touch "$stamp"
  ;;
run)
  shift
  run "$@"
  ;;
*)
  echo "$0: unknown: $1 (install, server or run)" >&2
  exit 2
  ;;
esac
