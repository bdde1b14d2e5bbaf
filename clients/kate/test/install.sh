#!/usr/bin/env bash
# Kate from Debian 13; a screen and what photographs it from this machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."
scripts/apt.sh xvfb xdotool imagemagick
scripts/debian13.sh install kate dbus-daemon fonts-dejavu-core tesseract-ocr
scripts/debian13.sh server
scripts/debian13.sh run env QT_QPA_PLATFORM=offscreen kate --version
