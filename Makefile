# Every command of the project; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SCRIPTS = $(shell git ls-files -co --exclude-standard '*.sh') .ci/run

node_modules: package.json package-lock.json ## Install the pinned packages
	npm ci --no-fund --no-audit --loglevel=error
	@touch node_modules

.PHONY: check
check: node_modules ## Format, lint, types, shell scripts, unit tests: no root, no network
	npm run --silent format:check
	npm run --silent lint
	npm run --silent types
	shellcheck $(SCRIPTS)
	npm test --silent

.PHONY: test
test: check ## Everything; ends in "N passed, N failed"
	./testing/summary.sh

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
