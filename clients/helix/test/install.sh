#!/usr/bin/env bash
# Helix from Debian 13.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/apt.sh tmux
scripts/debian13.sh install hx
scripts/debian13.sh server
scripts/debian13.sh run hx --version
