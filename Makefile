# The menu. Everything that a fresh machine lacks is made or installed by the target that needs it.
SHELL := /bin/bash -o pipefail
PYTHON ?= python3
BIN := .venv/bin
ENVIRONMENT := build/environment
BENCH := build/bench/ready
CARGO := cargo --locked
RELEASE := ../tools/with-pgo $(CARGO) build --quiet --release
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/proxy/target)
RUST := $(shell find proxy/crates api -name '*.rs' -o -name '*.proto' -o -name Cargo.toml) proxy/Cargo.toml proxy/Cargo.lock
BENCH_PROGRAMS := nginx wrk h2load nft ip strip
BENCH_CRATES := -p rate -p stream -p delay -p grpc
H2SPEC := build/bin/h2spec
CLUSTER_PROGRAMS := etcd containerd runc ip nft iptables conntrack busybox gcc nginx redis-server /usr/lib/cni/bridge
QUICK := proxy/target/quick/hauberk-proxy
DEBUG := proxy/target/debug/hauberk-proxy

.PHONY: help demo cluster cluster-down test test-faults test-kubernetes lint format types layers api-check deploy-check test-rust test-python wheels bench bench-kubernetes bench-parts flamegraph pgo fuzz deny api crds chart lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## The mesh on this machine, live (root); ONCE=1: without a person, with a verdict
	@tools/require-root demo
	@tools/packages nginx redis-server nft ip
	@$(MAKE) --no-print-directory $(ENVIRONMENT) $(QUICK)
	@HAUBERK_PROXY_BINARY=$(CURDIR)/$(QUICK) exec $(BIN)/python -m demo $(if $(ONCE),--once)

test: ## Everything that is checked, but for what needs a cluster
	@tools/packages nginx redis-server mariadbd mariadb nft iptables ip ss curl h2load openssl sslscan /usr/lib/cni/bridge
	@$(MAKE) --no-print-directory lint types layers api-check deploy-check test-rust test-python

lint: $(ENVIRONMENT) ## Style of both halves
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd proxy && cargo fmt --check
	cd proxy && $(CARGO) clippy --workspace --all-targets --features hauberk-fuzz/fuzzing -- -D warnings
	tools/forbidden-words
	tools/unsafe-only-in-net

format: $(ENVIRONMENT) ## Formats both halves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd proxy && cargo fmt

types: $(ENVIRONMENT) ## Types of the Python half
	$(BIN)/mypy

layers: $(ENVIRONMENT) ## Imports go one way
	$(BIN)/lint-imports

api-check: $(ENVIRONMENT) ## The generated code is what api/ gives
	$(BIN)/python tools/gen_api.py --check

deploy-check: $(ENVIRONMENT) ## Definitions of resources, chart and demo are what their sources give
	$(BIN)/python tools/gen_crds.py --check
	$(BIN)/python tools/gen_chart.py --check
	$(BIN)/python tools/gen_demo.py --check

test-rust: ## Tests of the proxy
	cd proxy && $(CARGO) test --workspace

test-python: $(ENVIRONMENT) $(DEBUG) $(H2SPEC) ## Tests of the control plane, and of both halves together
	HAUBERK_PROXY_BINARY=$(CURDIR)/$(DEBUG) $(BIN)/pytest -n 2 --dist loadfile -m 'not kubernetes'

test-faults: $(ENVIRONMENT) ## Faults between proxies at every single byte, large bursts, long ways (root; five minutes)
	@tools/require-root test-faults
	@tools/packages nginx nft ip
	@$(MAKE) --no-print-directory $(QUICK)
	@HAUBERK_TEST_FAULTS=long HAUBERK_PROXY_BINARY=$(CURDIR)/$(QUICK) $(BIN)/pytest -n 2 --dist loadfile tests/integration/faults $(ARGS)

cluster: ## A real Kubernetes on this machine (root; ten minutes the first time); ARGS="--nodes 1": other nodes than two
	@tools/require-root cluster
	@tools/packages $(CLUSTER_PROGRAMS)
	@tools/require-go "Kubernetes is"
	@$(MAKE) --no-print-directory $(ENVIRONMENT)
	@$(BIN)/python -m cluster build
	@$(BIN)/python -m cluster up $(ARGS)

test-kubernetes: ## What needs a cluster, on a real one (root)
	@tools/require-root test-kubernetes
	@$(MAKE) --no-print-directory cluster ARGS="--nodes 2"
	@$(MAKE) --no-print-directory $(QUICK)
	@$(BIN)/python -m cluster build helm gateway
	@$(BIN)/python -m cluster images --proxy $(QUICK)
	@HAUBERK_PROXY_BINARY=$(CURDIR)/$(QUICK) $(BIN)/pytest -m kubernetes -n 2 --dist loadfile --timeout 600 $(ARGS)

cluster-down: $(ENVIRONMENT) ## Ends that Kubernetes; ARGS=--wipe: and forgets what was in it
	@$(BIN)/python -m cluster down $(ARGS)

bench: ## Compares data planes (root; a quiet machine, half an hour); ARGS=--quick: to see that it works
	@tools/require-root bench
	@tools/packages $(BENCH_PROGRAMS)
	@$(MAKE) --no-print-directory $(ENVIRONMENT) $(BENCH)
	@echo "Proxy, relay, load: a release build (minutes the first time)"
	@[ -n "$$HAUBERK_PROXY_BINARY" ] || (cd proxy && $(RELEASE) -p hauberk-proxy)
	@cd proxy && $(RELEASE) -p relay && $(CARGO) build --quiet --release $(BENCH_CRATES)
	@HAUBERK_PROXY_BINARY=$${HAUBERK_PROXY_BINARY:-$(TARGET)/release/hauberk-proxy} $(BIN)/python -m bench $(ARGS)

bench-kubernetes: ## What the mesh costs a cluster (root; a quiet machine, five minutes)
	@tools/require-root bench-kubernetes
	@$(MAKE) --no-print-directory cluster ARGS="--nodes 2"
	@$(MAKE) --no-print-directory $(QUICK)
	@$(BIN)/python -m cluster images --proxy $(QUICK)
	@$(BIN)/python -m bench.kubernetes --install $(ARGS)

bench-parts: $(ENVIRONMENT) ## Instructions of the fast path's parts against their baseline; ARGS=--write: a new one
	@tools/packages valgrind
	@cd proxy && $(CARGO) build --quiet --profile quick -p parts
	@$(BIN)/python -m bench.guard $(ARGS) $(TARGET)/quick/parts

flamegraph: ## Where the proxies' time goes, as build/flamegraph.svg (root); CASE=http1-100-50, SECONDS=10
	@tools/require-root flamegraph
	@tools/packages $(BENCH_PROGRAMS) perf
	@$(MAKE) --no-print-directory $(ENVIRONMENT) $(BENCH)
	@echo "Proxy: a build whose stacks can be read (minutes the first time)"
	@cd proxy && RUSTFLAGS="-C force-frame-pointers=yes -C debuginfo=1 -C strip=none" CFLAGS="-fno-omit-frame-pointer" \
	  CARGO_TARGET_DIR=$(TARGET)/flamegraph $(RELEASE) -p hauberk-proxy
	@cd proxy && $(CARGO) build --quiet --release $(BENCH_CRATES)
	@HAUBERK_PROXY_BINARY=$(TARGET)/flamegraph/release/hauberk-proxy $(BIN)/python -m bench \
	  --flamegraph build/flamegraph.svg --case $(or $(CASE),http1-100-50) --seconds $(or $(SECONDS),10)

fuzz: ## Feeds parsers and stacks hostile bytes, SECONDS (30) each; JOBS=2, FOLDER=, TARGETS="http1 tls", MEMORY= (MB)
	@SECONDS_EACH=$(or $(SECONDS),30) JOBS=$(or $(JOBS),1) MEMORY_MB=$(or $(MEMORY),2048) \
	  FOLDER=$(or $(FOLDER),build/fuzz) tools/fuzz $(TARGETS)

pgo: ## Counts anew which ways the proxy takes all day, for release builds (root; a quarter of an hour)
	@tools/require-root pgo
	@tools/packages $(BENCH_PROGRAMS)
	@$(MAKE) --no-print-directory $(ENVIRONMENT) $(BENCH)
	@cd proxy && $(CARGO) build --quiet --release $(BENCH_CRATES) && $(CARGO) build --quiet --release -p relay
	@tools/pgo $(ARGS)

deny: ## Licenses, sources and advisories of what the proxy is made of
	@PYTHON=$(PYTHON) tools/deny

wheels: $(ENVIRONMENT) ## Both wheels, into dist/; QUICK_WHEELS=1: a proxy that is built in less time
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	cd proxy/crates/proxy && $(if $(QUICK_WHEELS),,../../../tools/with-pgo) ../../../$(BIN)/maturin build --quiet \
	  --profile $(if $(QUICK_WHEELS),quick,release) --locked --strip --out ../../../dist

api: $(ENVIRONMENT) ## Makes the generated code anew
	$(BIN)/python tools/gen_api.py

crds: $(ENVIRONMENT) ## Makes the definitions of resources anew
	$(BIN)/python tools/gen_crds.py

chart: $(ENVIRONMENT) ## Makes the Helm chart anew, of deploy/manifests and the values, and deploy/demo.yaml
	$(BIN)/python tools/gen_chart.py
	$(BIN)/python tools/gen_demo.py

lock: ## Pins what the requirements allow today
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	for name in run dev; do \
	  in=$$( [ $$name = dev ] && echo requirements/dev.in ); \
	  build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	    --no-header pyproject.toml $$in --output-file requirements/$$name.txt; \
	done
	build/lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --no-header requirements/bench.in --output-file requirements/bench.txt

clean: ## Removes what was built
	rm -rf .venv build dist proxy/target

$(ENVIRONMENT): pyproject.toml requirements/dev.txt
	@echo "Python: an environment of its own in .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hauberk needs Python 3.11 or later; set PYTHON=")'
	@$(PYTHON) -m venv .venv || { tools/packages python3-venv && $(PYTHON) -m venv .venv; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p build && touch $@

$(BENCH): requirements/bench.txt
	@echo "Envoy: an environment of its own in build/bench"
	@$(PYTHON) -m venv build/bench
	@build/bench/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

$(QUICK): $(RUST)
	@echo "Proxy: building (minutes the first time)"
	@cd proxy && $(CARGO) build --profile quick -p hauberk-proxy
	@touch $@

$(DEBUG): $(RUST)
	cd proxy && $(CARGO) build -p hauberk-proxy
	@touch $@

$(H2SPEC): tests/integration/conformance/h2spec/go.mod tests/integration/conformance/h2spec/go.sum
	@tools/require-go "h2spec is"
	@echo "h2spec: building (a minute the first time)"
	@cd $(<D) && go build -o $(CURDIR)/$@ github.com/summerwind/h2spec/cmd/h2spec
