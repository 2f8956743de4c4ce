# What can be done here, and nothing else has to be installed for it than
# Rust with clippy and rustfmt, a C compiler, Python 3.10 or newer, make and
# Terraform.

SHELL := /bin/sh
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
export CARGO_TARGET_DIR := $(TARGET)

.PHONY: help build functions demo test matrix requirements exam prowler sandbox schemas docs bench bench-functions fuzz reproducible dist dist-test clean

help: ## says this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

build: functions ## builds the functions, the provider with them inside, and the sandbox
	@cargo build --workspace --bins

functions: ## builds the functions for both architectures, or says what it needs for that
	@python3 tools/build_functions.py

demo: build ## a pipeline from plan to destroy in a sandbox account; KEEP=1 leaves it up
	@KEEP=$(KEEP) $(TARGET)/debug/demo

test: ## formatting, clippy, unit tests and acceptance tests
	@python3 tools/test.py

matrix: functions ## the whole of what make test samples: every point at which a provider can be killed or a call fail, drift, vanishing, twenty pipelines
	@python3 tools/dist.py --here
	@cargo build --workspace --bins
	@python3 tools/test.py --matrix

requirements: functions ## the table of the requirements: passed, failed or template-only, with evidence
	@cargo build --workspace --bins
	@python3 tools/requirements.py

exam: functions ## holds the examples' templates against 433 audit controls: cfn-lint, checkov, cdk-nag and our own rules
	@cargo build --workspace --bins
	@python3 tools/examine.py

prowler: functions ## holds the compliance report of a live pipeline against Prowler's verdicts on it
	@cargo build --workspace --bins
	@python3 tools/prowler.py

sandbox: ## a sandbox account in the foreground
	@cargo build --workspace --bins
	@$(TARGET)/debug/sandbox

schemas: ## writes schemas/ anew
	@cargo build --workspace --bins
	@python3 tools/schemas.py --write

docs: ## writes docs/ anew, from schemas/, examples/ and templates/
	@python3 tools/docs.py --write

bench: functions ## figures of the provider as it is released: handshake, plan, apply, memory, calls
	@python3 tools/dist.py --here
	@cargo build --workspace --bins
	@$(TARGET)/debug/bench

FUZZ_TARGETS ?= pdf content ooxml doc text detect protocol scanner
FUZZ_SECONDS ?= 60

fuzz: ## fuzzes every parser of the functions for a minute; see functions/fuzz/README.md
	@python3 functions/fuzz/seeds.py
	@for target in $(FUZZ_TARGETS); do \
		(cd functions && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$(TARGET)/fuzz cargo fuzz run --sanitizer none $$target -- \
			-max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=30 -max_len=65536) || exit 1; \
	done

bench-functions: ## figures of the functions, beside Python's; SECTIONS="scanner peers" picks some
	@python3 tools/bench_functions.py $(SECTIONS)

reproducible: ## builds the functions again in another place and compares them, byte for byte
	@python3 tools/build_functions.py --reproducible

dist: ## packages the provider for the registries; DIST=--all fails when something is missing, DIST=--reproducible builds twice
	@python3 tools/dist.py $(DIST)

dist-test: ## installs what make dist has packaged with terraform init, from mirrors on disk and over HTTPS, and applies with it
	@cargo build --workspace --bins
	@TAP_DIST=$(TARGET)/dist cargo test --workspace --test install

clean: ## removes what was built and the sandbox
	@cargo clean
	@rm -rf .sandbox .demo
