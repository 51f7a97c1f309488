# What one types here; `make` alone lists it. Versions stand in requirements.txt and
# constraints.txt, the course's commands in autograder/: this file only puts them in order.
.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# `=` and not `?=`: a shell may have a HOST of its own in the environment.
HOST = 127.0.0.1
PORT = 8000
# Workers of the test run.
WORKERS = 2
# A lab for release and verify, options for pytest (-k …), a folder for publish.
LAB =
ARGS =
DEST =
# Where torch's wheel comes from, if not from PyPI (see README.md, 「GPU가 없다면」).
TORCH_INDEX ?=
export TORCH_INDEX

# nbgrader looks alembic up on PATH; PATH first also means: no `activate` anywhere.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport PYTHONPATH PYTHONHOME
export PYTHONUTF8 := 1
export JUPYTER_PLATFORM_DIRS := 1
# One thread: a child that forks off a process with OpenMP threads hangs, and two test
# workers with two threads each are slower than with one.
export OMP_NUM_THREADS := 1

# The stamp holds the checkout's path, so that a copied .venv/ is made again.
STAMP := .venv/.ready
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): FORCE
endif
$(STAMP): requirements.txt $(wildcard constraints.txt) pyproject.toml package-lock.json
	@scripts/ready.sh venv && touch $@

BUILD_BOOK = scripts/book.sh
RUFF = ruff check -q && ruff format -q --check
COLAB = python book/_ext/colab.py
PYTEST = MPLBACKEND=Agg pytest

.PHONY: help setup serve test book release colab lint format verify pdf publish clean soak bench FORCE

help: ## 이 목록을 보여 줍니다
	@echo "순환에서 정렬까지: make 〈할 일〉"
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-8s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## 가상환경 .venv/ 를 만듭니다 (다른 명령도 없으면 만듭니다)
	@echo "준비되었습니다: .venv/"

serve: $(STAMP) ## 책과 실습, 데스크를 엽니다: 명단이 없으면 보여 주기용 반으로 (PORT=8000)
	@echo "[1/4] 가상환경: 준비됨"
	@echo "[2/4] 실습 노트북 …"
	@course release --check >/dev/null 2>&1 || course release
	@echo "[3/4] 책 만들기 …"
	@$(BUILD_BOOK)
	@echo "[4/4] 사이트 열기 …"
	@exec course serve --host $(HOST) --port $(PORT) $$(test -f roster.csv || echo --demo)

test: $(STAMP) ## 모든 시험: 코드 검사, 책, 채점기, 노트북, 브라우저
	@echo "[1/4] 가상환경과 브라우저 …"
	@scripts/ready.sh colab
	@scripts/ready.sh browser >/dev/null
	@echo "[2/4] 코드 검사 (ruff) …"
	@$(RUFF)
	@echo "[3/4] 책 만들기 …"
	@$(BUILD_BOOK)
	@echo "[4/4] 시험 (pytest -n $(WORKERS)) …"
	@browser=$$(scripts/ready.sh browser); COURSE_CHROMIUM=$$browser $(PYTEST) -n $(WORKERS) $(ARGS)

book: $(STAMP) ## 책을 만듭니다: _build/html/index.html
	@$(BUILD_BOOK)
	@echo "책: _build/html/index.html"

release: $(STAMP) ## solutions/ 에서 학생용 실습 labs/ 를 만듭니다 (LAB=rnn)
	@course release $(LAB)

colab: $(STAMP) ## 각 장의 Colab 노트북을 만듭니다
	@$(COLAB)

lint: $(STAMP) ## 코드 모양과, 만든 파일이 최신인지 검사합니다
	@$(RUFF)
	@course release --check
	@$(COLAB) --check

format: $(STAMP) ## 코드 모양을 고칩니다 (ruff)
	@ruff check -q --fix-only
	@ruff format -q

verify: $(STAMP) ## 실습의 테스트를 시험합니다: 정답, 다른 풀이, 오답 (LAB=rnn)
	@course verify $(LAB)

publish: $(if $(DEST),$(STAMP)) ## 공개할 것만 따로 씁니다: make publish DEST=폴더
	@test -n "$(DEST)" || { echo "어디에 쓸지 알려 주세요: make publish DEST=폴더" >&2; exit 2; }
	@$(BUILD_BOOK)
	@course publish "$(DEST)"

pdf: $(STAMP) ## 책 전체를 PDF 하나로 만듭니다: _build/pdf/
	@browser=$$(scripts/ready.sh browser); $(BUILD_BOOK); python -m scripts.pdf --chromium "$$browser"

clean: ## 만든 것을 지웁니다 (.venv/ 와 제출물, 성적은 그대로)
	@rm -rf _build .pytest_cache .ruff_cache .hypothesis
	@find autograder book scripts solutions tests -name __pycache__ -prune -exec rm -rf {} +

soak: $(STAMP) ## 오래 걸리는 시험: 강제 종료, 부하, 제출물 1,000개
	@$(PYTEST) -m soak --timeout 7200 $(ARGS)

bench: $(STAMP) ## 채점 속도를 잽니다 (ARGS=--quick)
	@python -m benchmarks $(ARGS)
