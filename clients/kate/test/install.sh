#!/usr/bin/env bash
# Kate from Debian 13; from this machine's Debian a screen, a hand, and an eye that reads.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/apt.sh xvfb xdotool imagemagick tesseract-ocr
scripts/debian13.sh install kate dbus-daemon fonts-dejavu-core
scripts/debian13.sh server
scripts/debian13.sh run env QT_QPA_PLATFORM=offscreen kate --version 2>/dev/null | tail -1
