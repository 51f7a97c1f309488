#!/usr/bin/env bash
# Builds the book into _build/html/. A warning is an error: a dead link, a term that the glossary
# bans or a figure without alt text stops the build by name.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p _build

# Two builds at once spoil each other's cache (tests/booksite.py takes the same lock).
exec 9>_build/.lock
if command -v flock >/dev/null; then flock 9; fi

# A build from nothing that passes is remembered with the moment at which it began: the tests
# need not build the same sources again (tests/booksite.py).
begun=_build/.begun
rm -f "$begun"
[ -e _build/.doctrees ] || touch "$begun"

# Jupyter Book ends with a screenful of praise; it is shown only when there is something to mend.
if ! jupyter-book build book --config _config.yml --toc "$PWD/_toc.yml" --path-output . \
  -q -W --keep-going >_build/book.log 2>&1 </dev/null; then
  cat _build/book.log >&2
  # Sphinx would not read these pages again, and the next build would pass without a warning.
  rm -rf _build/.doctrees
  echo "책을 만들지 못했습니다: 위의 메시지를 보고 고치세요." >&2
  exit 1
fi
if [ -e "$begun" ]; then mv "$begun" _build/.whole; fi
