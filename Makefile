# `make help` lists what can be done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
# Passed on to the demo: make demo ARGS="--duration 60s --lang zh"
ARGS ?=

.PHONY: help demo test bench build fuzz docs

help: ## List the targets
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Watch the maker quote two symbols on a simulated exchange (Ctrl-C stops)
	@[ -x target/fast/phoenix ] || echo "First build: a few minutes. 首次编译需要几分钟。"
	$(CARGO) build --locked --profile fast --package phoenix-cli
	@target/fast/phoenix demo $(ARGS)

test: ## Everything that must hold: format, lints, tests, clients of others, demo
	$(CARGO) xtask ci

bench: ## Measure the figures that are promised and print them
	$(CARGO) bench --locked --package phoenix-venue --bench matching
	$(CARGO) bench --locked --package phoenix-lab --bench figures --bench loopback
	$(CARGO) bench --locked --package phoenix-cli --bench footprint

build: ## The optimised binary, target/release/phoenix
	$(CARGO) build --locked --release --package phoenix-cli

fuzz: ## Feed every decoder with arbitrary bytes, 60 s each (needs cargo-fuzz)
	$(CARGO) xtask fuzz

docs: ## Write the generated pages anew
	$(CARGO) xtask docs
