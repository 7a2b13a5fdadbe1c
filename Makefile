# The commands of this project; `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:

DATA ?=
POLICY ?=
ARGS ?=
BIN := .venv/bin
export SAM_CLI_TELEMETRY := 0
# Time zones come from the pinned package, here as in Lambda, whatever the machine has.
export PYTHONTZPATH :=

.PHONY: help
help: ## this list
	@printf 'SLA watchdog\n\n'
	@sed -n 's/^\([a-z][a-z.-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

# ---------------------------------------------------------------- the product at work
.PHONY: demo
demo: environments ## the story on a local AWS, in simulated weeks; DATA=FILE takes an event file, POLICY=FILE another policy
	@$(BIN)/python -m local_stack demo $(if $(DATA),"$(DATA)") $(if $(POLICY),--policy "$(POLICY)") $(ARGS)

.PHONY: local
local: environments ## keeps a local stack running, with an inbox page in the browser
	@$(BIN)/python -m local_stack local $(ARGS)

.PHONY: build
build: environments ## sam build: the policy checked and compiled, the artifact in .aws-sam/build
	@.venv-sam/bin/sam build

.PHONY: deploy
deploy: build ## sam deploy --guided, to AWS
	@.venv-sam/bin/sam deploy --guided

# ---------------------------------------------------------------- checks
.PHONY: test
test: environments ## all tests but the long ones of soak; ARGS="-k name" and the like go to pytest
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

.PHONY: soak
soak: .venv ## what `make test` takes samples of, whole: crash points, simulated stories, the reference model: hours
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m soak
	@seq 100 50 450 | PYTHONPATH=tests:infra:functions xargs -P 2 -I{} sh -c '$(BIN)/python -m reference {} $$(({} + 49))'
	@PYTHONPATH=tests:infra PYTHONHASHSEED=0 $(BIN)/python -m faults points
	@seq 0 50 950 | PYTHONPATH=tests:infra PYTHONHASHSEED=0 xargs -P 2 -I{} sh -c '$(BIN)/python -m faults seeds {} $$(({} + 49))'

.PHONY: check
check: .venv ## ruff, mypy, cfn-lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint --template template.yaml --append-rules cfn_lint_serverless.rules --include-checks I
	@echo 'check: fine'

.PHONY: format
format: .venv ## ruff format, and what ruff can mend by itself
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

.PHONY: bench
bench: .venv ## what a tick reads at 1,000 to 100,000 tickets, beside a scan, and other counts
	@$(MAKE) --no-print-directory dynamodb-local || echo 'bench: without DynamoDB Local, so without read units'
	@for file in tests/bench/bench_*.py; do PYTHONPATH=tests $(BIN)/python "$$file" $(ARGS) || exit 1; done

.PHONY: loudness
loudness: .venv ## messages a day of the shipped policy on a real log, the table of docs/loudness.md; ARGS=--write puts it there
	@PYTHONPATH=functions:tests $(BIN)/python tests/bench/loudness.py $(ARGS)

# ---------------------------------------------------------------- environments
.PHONY: .venv .venv-sam .venv-aws environments
environments: .venv .venv-sam .venv-aws
.venv: .venv/.ready
.venv-sam: .venv-sam/.ready
.venv-aws: .venv-aws/.ready

.venv/.ready: requirements.txt requirements-lock.txt functions/requirements.txt functions/requirements-build.txt pyproject.toml infra/venv.sh
	@infra/venv.sh .venv --project requirements.txt

.venv-sam/.ready: requirements-sam.txt infra/venv.sh | .venv/.ready
	@infra/venv.sh .venv-sam requirements-sam.txt

.venv-aws/.ready: requirements-aws.txt infra/venv.sh | .venv/.ready
	@infra/venv.sh .venv-aws requirements-aws.txt

.PHONY: dynamodb-local
dynamodb-local: .cache/dynamodb-local/.ready ## fetches Amazon's DynamoDB Local (its licence wants an AWS account)
.cache/dynamodb-local/.ready: infra/dynamodb_local.sh
	@infra/dynamodb_local.sh .cache/dynamodb-local

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --strip-extras --custom-compile-command 'make lock'
.PHONY: lock
lock: .venv ## writes the pinned lists of packages anew
	@$(BIN)/$(COMPILE) requirements.txt --output-file requirements-lock.txt
	@$(BIN)/$(COMPILE) requirements-sam.in --output-file requirements-sam.txt
	@$(BIN)/$(COMPILE) requirements-aws.in --output-file requirements-aws.txt --generate-hashes

.PHONY: clean
clean: ## removes everything that make made, environments too
	@rm -rf .venv .venv-sam .venv-aws .venv-build .aws-sam .cache .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find functions infra tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@find functions infra . -maxdepth 1 -name '*.egg-info' -exec rm -rf {} +
