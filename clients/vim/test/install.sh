#!/usr/bin/env bash
# Vim with YouCompleteMe and with ALE, from this machine's Debian.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/apt.sh tmux vim-nox vim-youcompleteme ycmd vim-ale
vim.nox --version | head -1
