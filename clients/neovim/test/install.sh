#!/usr/bin/env bash
# Neovim 0.11 comes with the development environment; 0.10 from Debian 13.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/apt.sh tmux
scripts/debian13.sh install neovim
scripts/debian13.sh server
.venv/bin/nvim --version | head -1
scripts/debian13.sh run nvim --version | head -1
