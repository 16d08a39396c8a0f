# Every command of the project; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SCRIPTS = $(shell git ls-files -co --exclude-standard '*.sh') .ci/run
LAB = node lab/start.mjs
# Debian packages that are missing: installed as root, named otherwise.
SETUP = node --import tsx testing/setup.ts
# The steps of a test run.
TESTS = node --import tsx testing/run.ts
ACTIONLINT = $(CURDIR)/.fogline/tests/actionlint
# What `make azure` keeps for a stack (docs/azure.md): where its state is, and what opens its secrets.
ENVIRONMENT = $(HOME)/.config/fogline/$(STACK).env
IN_ENVIRONMENT = if [ -r '$(ENVIRONMENT)' ]; then . '$(ENVIRONMENT)'; fi;
# Options for a command, e.g. `make logs ARGS=raspberrypi` or `make down ARGS=--destroy`.
ARGS ?=

node_modules: package.json package-lock.json ## Install the pinned packages
	npm ci --no-fund --no-audit --loglevel=error >&2
	@touch node_modules

.PHONY: up
up: node_modules ## Build the lab, the cluster and the website; prints the URL
	@$(LAB) up $(ARGS)

.PHONY: down
down: node_modules ## Remove the lab: machines, networks, processes; nothing is left
	@$(LAB) down $(ARGS)

.PHONY: status
status: node_modules ## Nodes, pods, images' sizes, rollouts' times, URL and each pod's share of requests
	@$(LAB) status $(ARGS)

.PHONY: logs
logs: node_modules ## The website's logs; ARGS=<machine> for a machine's journal
	@$(LAB) logs $(ARGS)

.PHONY: preview
preview: node_modules ## What `make up` would change
	@$(LAB) preview $(ARGS)

.PHONY: plan
plan: node_modules ## What a stack is and what a change does to it: STACK=dev [BASE=ref] [FORMAT=json] [LIVE=1]
	@$(IN_ENVIRONMENT) node --import tsx plan/cli.ts

.PHONY: pin
pin: node_modules ## Write sums and digests of official parts: [STACK=dev] [ARGS="--check --only=stack"]
	@node --import tsx pin/cli.ts $(ARGS)

.PHONY: azure
azure: node_modules ## From an empty Azure subscription to the plan, guided: STACK=dev [ARGS=--help]
	@node --import tsx guide/cli.ts $(ARGS)

.PHONY: experiment
experiment: node_modules ## Measure on the lab that is up: NAME=failover-pi [ARGS="--list --repeats=3"]
	@node --import tsx experiments/cli.ts $(ARGS)

.PHONY: drill
drill: node_modules ## Harm a stack with your consent, and see what visitors notice: FAULT=silence NODE=raspberrypi [STACK=dev] [ARGS="--list --seconds=60"]
	@$(if $(STACK),$(IN_ENVIRONMENT)) node --import tsx experiments/drill/cli.ts --fault='$(FAULT)' --node='$(NODE)' --stack='$(STACK)' $(ARGS)

.PHONY: figures
figures: node_modules ## Tables, reports and pictures of experiments/results, from its cells
	@node --import tsx experiments/figures.ts $(ARGS)

.PHONY: dashboard
dashboard: node_modules ## The cluster's dashboard and a token for it; STACK=<name> for another stack than the lab
ifeq ($(or $(STACK),lab),lab)
	@$(LAB) dashboard $(ARGS)
else
	@$(IN_ENVIRONMENT) node --import tsx apps/dashboard/open.ts --stack=$(STACK) $(ARGS)
endif

.PHONY: network
network: node_modules ## The overlay's hosts, clients and egress, and a diagram; STACK=<name> for another stack than the lab
ifeq ($(or $(STACK),lab),lab)
	@$(LAB) network $(ARGS)
else
	@$(IN_ENVIRONMENT) node --import tsx components/overlay/netmaker/show.ts --stack=$(STACK) $(ARGS)
endif

.PHONY: cis
cis: node_modules ## The CIS benchmark's checks on the cluster: PASS, FAIL, or why neither; STACK=<name> for another stack than the lab
ifeq ($(or $(STACK),lab),lab)
	@$(LAB) cis
else
	@$(IN_ENVIRONMENT) node --import tsx cis/cli.ts --stack=$(STACK)
endif

.PHONY: drain undrain
drain: MAINTENANCE = drain
undrain: MAINTENANCE = undrain
drain: node_modules ## Move a node's pods away without a failed visit: NODE=raspberrypi [STACK=dev] [ARGS="--stop --minutes=10"]
undrain: node_modules ## Have a drained node take pods again: NODE=raspberrypi [STACK=dev]
drain undrain:
ifeq ($(or $(STACK),lab),lab)
	@$(LAB) $(MAINTENANCE) --node='$(NODE)' $(ARGS)
else
	@$(IN_ENVIRONMENT) node --import tsx maintenance/cli.ts $(MAINTENANCE) --stack=$(STACK) --node='$(NODE)' $(ARGS)
endif

.PHONY: sbom
sbom: ## What the website's service is made of, in CycloneDX: .fogline/sbom/website.cdx.json
	@mkdir -p .fogline/sbom
	@cd apps/website/service && npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx \
	  >$(CURDIR)/.fogline/sbom/website.cdx.json
	@echo .fogline/sbom/website.cdx.json

.PHONY: check
check: node_modules ## Format, lint, types, shell scripts, unit tests: no root, no network
	@$(SETUP) check
	@# Each keeps a core or more busy: a third at the same time makes all of them slower.
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target unit lint format scripts

.PHONY: unit lint format scripts
unit:
	@# Vitest colours what it writes to a log, too.
	npm test --silent -- --no-color
lint:
	npm run --silent lint
format:
	npm run --silent format:check
scripts:
	shellcheck $(SCRIPTS)

.PHONY: test
test: node_modules ## Everything, the lab included; ARGS=--keep-failed leaves a failed lab standing
	@$(SETUP) test
	@$(TESTS) $(ARGS)

.PHONY: test-long
test-long: node_modules ## What takes long: a bare Debian, the official Azure CLI, a restart, an upgrade of K3s, built images, the stack dev, Netmaker with PostgreSQL, the lab's tests over Netmaker
	@$(SETUP) test
	@$(TESTS) --long $(ARGS)

.PHONY: workflows go-tests
# actionlint is a Go module, so the first run needs the module proxy.
workflows:
	@mkdir -p .fogline/tests
	cd testing/actionlint && go build -o $(ACTIONLINT) github.com/rhysd/actionlint/cmd/actionlint
	$(ACTIONLINT) -shellcheck "$$(command -v shellcheck)"

go-tests: export CGO_ENABLED = 1
# All of vet has run by then; a part of it is what tests begin with, for each package that they are made of.
go-tests:
	cd lab/stand-ins/k3s && go vet -trimpath ./... && go test -trimpath -vet=off ./...
	cd apps/descheduler/image && go vet -trimpath ./...
	cd lab/stand-ins/netmaker && go vet -trimpath ./... && go test -trimpath -vet=off ./...
	cd experiments/load && go vet -trimpath ./... && go test -trimpath -vet=off ./...
	cd experiments/relay && go vet -trimpath ./... && go test -trimpath -vet=off ./...

.PHONY: official-check
official-check: node_modules ## Are official parts still as the stand-ins are? ARTIFACTS=folder with plugins, Netmaker's server
	@node --import tsx lab/official/check.ts

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
