#!/usr/bin/env bash
# Emacs from Debian 13, with its eglot and with lsp-mode.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/apt.sh tmux
scripts/debian13.sh install emacs-nox elpa-lsp-mode elpa-markdown-mode
scripts/debian13.sh server
scripts/debian13.sh run emacs --version | head -1
