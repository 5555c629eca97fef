# exec-mcp: run `make` for the list of targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PREFIX ?= $(HOME)/.local
export PREFIX DESTDIR

# How long `make fuzz` runs.
FUZZ_SECONDS ?= 300
export FUZZ_SECONDS

# What dist/server.json says of a release: where the bundle is, and the server's name in the registry.
export RELEASE_URL SERVER_NAME

# The tag of the sandbox's image, for `make image` and for every target that runs the server.
ifdef IMAGE
export MCP_EXECUTOR_IMAGE := $(IMAGE)
endif

# On Linux the Swift runtime goes into the program, so that one file is all of it; debug information is compressed, which
# makes it a quarter smaller. macOS has the runtime.
RELEASE := -c release $(if $(filter Linux,$(shell uname -s)),--static-swift-stdlib -Xlinker --compress-debug-sections=zlib)
PROGRAM := $(CURDIR)/.build/release/exec-mcp
AGENT := $(CURDIR)/.build/release/exec-agent
# The same, linked to run on other machines.
PORTABLE := $(CURDIR)/.build/portable
DIST ?= dist
# Their libraries are those of Debian and Ubuntu; empty on other systems.
CAN_PACKAGE := $(shell grep -E '^ID=(debian|ubuntu)$$' /etc/os-release 2>/dev/null)

# $(call step,TITLE,COMMAND): one step of a long run, with a heading and the time it took.
step = @printf '\n==> %s\n' '$(1)'; began=$$SECONDS; $(2); printf '    done in %d s: %s\n' $$((SECONDS - began)) '$(1)'

.PHONY: help
help: ## Show this list
	@printf 'Targets:\n'
	@sed -nE 's/^([a-z][a-z-]*):[^#]*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@printf '\nVariables:\n'
	@printf '  IMAGE=TAG     the sandbox image (mcp-code-executor:latest)\n'
	@printf '  FUZZ_SECONDS=N\n                for fuzz: how long, all properties together (300)\n'
	@printf '  PREFIX=DIR    where to install (~/.local); DESTDIR is put before it\n'
	@printf '  HOST=NAME     for config: the host to print the configuration of\n'
	@printf '  RELEASE_URL=URL, SERVER_NAME=NAME\n'
	@printf '                for bundle, wheel and dist: where the bundle will be downloaded from, and the name\n'
	@printf '                in the MCP registry\n'
	@printf '  DIST=DIR      for wheel, deb, tarball and dist: where to put them (dist)\n'

.PHONY: image
image: ## Prepare this machine: a container engine that answers, and the sandbox's image
	@container/image.sh

.PHONY: image-force
image-force: ## Rebuild the sandbox's image, even if nothing changed
	@container/image.sh --force

.PHONY: build
build: build-server ## Build both programs, .build/release/exec-mcp and .build/release/exec-agent
	@packaging/prepare-build.sh
	swift build $(RELEASE) --product exec-agent

.PHONY: build-server
build-server: ## Build the server only
	swift build $(RELEASE) --product exec-mcp

.PHONY: demo
demo: image build-server ## Watch a real session: data in, analysis, plot, picture out
	@python3 examples/demo/demo.py --binary '$(PROGRAM)'

.PHONY: demo-agent
demo-agent: image build ## Watch the agent work on a task with a recorded model; no key needed
	@python3 examples/agent/demo.py --agent '$(AGENT)' --server '$(PROGRAM)'

.PHONY: demo-page
demo-page: image build ## Open the page of exec-agent serve with a recorded model; no key needed
	@python3 examples/agent/page_demo.py --agent '$(AGENT)' --server '$(PROGRAM)'

.PHONY: demo-bridge
demo-bridge: image build-server ## Watch code in the sandbox join what three MCP servers know
	@e2e/environment.sh servers
	@# The environment of `make bench-tokens` has a vocabulary to count with.
	@python=.venv/tokens/bin/python; [ -x "$$python" ] || python=python3; \
	"$$python" examples/bridge/demo.py --binary '$(PROGRAM)'

.PHONY: pictures
pictures: image build ## Record both programs at work, for docs/images
	@e2e/environment.sh pictures
	@.venv/pictures/bin/python examples/recording/record_terminal.py --binary '$(PROGRAM)'
	@.venv/pictures/bin/python examples/recording/record_page.py --agent '$(AGENT)' --server '$(PROGRAM)'

.PHONY: config
config: ## Print the configuration for an MCP host (HOST=NAME; without it, list the hosts)
	@if [ ! -x '$(PROGRAM)' ]; then $(MAKE) --no-print-directory build-server >&2; fi
	@program="$$PREFIX/bin/exec-mcp"; if [ ! -x "$$program" ]; then program='$(PROGRAM)'; fi; \
	'$(PROGRAM)' config $(if $(HOST),'$(HOST)' --program "$$program")

.PHONY: install
install: build ## Install both programs, the skills and the tools, and print what to paste
	@case $$PREFIX in /*) ;; *) echo "error: PREFIX must be an absolute path, not '$$PREFIX'" >&2; exit 1 ;; esac
	@install -d "$$DESTDIR$$PREFIX/bin" "$$DESTDIR$$PREFIX/share/exec-mcp"
	@install -m 755 '$(PROGRAM)' '$(AGENT)' "$$DESTDIR$$PREFIX/bin"
	@if command -v strip >/dev/null; then strip "$$DESTDIR$$PREFIX"/bin/exec-{mcp,agent}; fi
	@rm -rf "$$DESTDIR$$PREFIX/share/exec-mcp/skills" "$$DESTDIR$$PREFIX/share/exec-mcp/tools"
	@tar -cf - --exclude=__pycache__ --exclude=.ruff_cache skills tools \
	| tar -xf - --no-same-owner -C "$$DESTDIR$$PREFIX/share/exec-mcp"
	@# The sandbox reads them as another user.
	@chmod -R u=rwX,go=rX "$$DESTDIR$$PREFIX/share/exec-mcp"
	@printf 'Installed %s\n' "$$DESTDIR$$PREFIX"/{bin/exec-mcp,bin/exec-agent,share/exec-mcp/skills,share/exec-mcp/tools}
	@printf '\nPaste this into the configuration of your MCP host (Claude Desktop, Cursor and many others):\n\n'
	@'$(PROGRAM)' config cursor --program "$$PREFIX/bin/exec-mcp" 2>/dev/null
	@printf '\nFor other hosts: %s config HOST (--write puts it into the file). The hosts:\n\n' "$$PREFIX/bin/exec-mcp"
	@'$(PROGRAM)' config

.PHONY: uninstall
uninstall: ## Remove what install installed
	@rm -f "$$DESTDIR$$PREFIX"/bin/exec-{mcp,agent}
	@rm -rf "$$DESTDIR$$PREFIX/share/exec-mcp"
	@printf 'Removed %s\n' "$$DESTDIR$$PREFIX"/{bin/exec-mcp,bin/exec-agent,share/exec-mcp}

.PHONY: bundle
bundle: build-server ## Make dist/exec-mcp-VERSION-OS-ARCH.mcpb, for hosts that install bundles, and dist/server.json
	@python3 packaging/bundle.py --program '$(PROGRAM)' --output dist \
	  --release-url "$${RELEASE_URL:-}" --server-name "$${SERVER_NAME:-}"

.PHONY: portable
portable: build
	@packaging/portable/link.sh

.PHONY: wheel
wheel: portable ## Make the wheel for PyPI: pip install, pipx and uvx exec-mcp (Debian, Ubuntu)
	@e2e/environment.sh packaging
	@.venv/packaging/bin/python packaging/wheel.py --output '$(DIST)' --server-name "$${SERVER_NAME:-}"

.PHONY: deb
deb: portable ## Make the package for Debian and Ubuntu
	@python3 packaging/deb.py --output '$(DIST)'

.PHONY: tarball
tarball: portable ## Make the archive to unpack into a prefix, and the list of its components (SPDX)
	@python3 packaging/tarball.py --output '$(DIST)'

.PHONY: dist
dist: wheel deb tarball ## Make all files of a release, with checksums: packaging/release.md says what to do with them
	@python3 packaging/bundle.py --program '$(PORTABLE)/exec-mcp' --output '$(DIST)' \
	  --release-url "$${RELEASE_URL:-}" --server-name "$${SERVER_NAME:-}"
	@version=$$('$(PORTABLE)/exec-mcp' --version); cd '$(DIST)'; \
	sha256sum exec[-_]mcp[-_]"$${version##* }"[-.]* server.json >SHA256SUMS
	@printf 'Made %s\n' '$(DIST)/SHA256SUMS'

.PHONY: test-packages
test-packages: image dist ## Install the packages on Debian 11, 12 and 13 without Swift, and use them there
	@e2e/environment.sh
	@DIST='$(DIST)' e2e/systems/run.sh

.PHONY: test
test: began := $(shell date +%s)
test: ## Run all tests: lint, builds, units, the real engine, the published MCP clients
	@packaging/prepare-build.sh
	@$(if $(CAN_PACKAGE),packaging/portable/sysroot.sh --prepare)
	@# The release build keeps one processor busy: the other one makes the image and the environments meanwhile.
	@Tests/side-by-side.sh \
	  'release build' '$(MAKE) --no-print-directory build' \
	  --then 'build without warnings' 'swift build --build-tests' \
	  'image' 'container/image.sh' \
	  'Python environments and other engines' 'e2e/environment.sh; e2e/engines/install.sh >/dev/null' \
	  --then 'lint' '$(MAKE) --no-print-directory lint' \
	  $(if $(CAN_PACKAGE),'libraries of the packages' 'packaging/portable/sysroot.sh "$(PORTABLE)/libraries"')
	$(call step,unit tests and engine tests,Tests/units.sh)
	@rm -rf .build/packages
	$(if $(CAN_PACKAGE),$(call step,packages,$(MAKE) --no-print-directory dist DIST=.build/packages))
	$(call step,end-to-end tests,e2e/run.sh)
	@took=$$(($$(date +%s) - $(began))); printf '\nAll tests passed in %d min %d s.\n' $$((took / 60)) $$((took % 60))

.PHONY: test-unit
test-unit: ## Run only the unit tests; they need no engine
	@packaging/prepare-build.sh
	swift test --skip EngineTests

.PHONY: test-cluster
test-cluster: ## Run the tests of sandboxes on the cluster of kubectl's current context (CONFIRM=CONTEXT IMAGE=NAME)
	@e2e/kubernetes/test-cluster.sh --confirm
	@$(MAKE) --no-print-directory build-server
	@e2e/kubernetes/test-cluster.sh

.PHONY: test-sanitize
test-sanitize: ## Run the unit tests under the address and thread sanitizers
	@packaging/prepare-build.sh
	@Tests/sanitize.sh

.PHONY: fuzz
fuzz: ## Fuzz the parsers with libFuzzer, for FUZZ_SECONDS in total
	@Tests/fuzz.sh

.PHONY: lint
lint: ## Check the format of the Swift code, and of the Python code if the tests' environment exists
	swift format lint --strict --recursive Sources Tests Package.swift
	@if [ -x .venv/tests/bin/ruff ]; then set -x; .venv/tests/bin/ruff check .; fi

.PHONY: bench
bench: ## Measure exec-mcp against its alternatives and its goals (BENCH_ARGS=--help)
	@# Standard output is the report's alone, which may be JSON.
	@$(MAKE) --no-print-directory image build-server >&2
	@e2e/environment.sh bench
	@.venv/bench/bin/python bench/benchmark.py $(BENCH_ARGS)

.PHONY: bench-growth
bench-growth: ## Measure how time and memory grow with calls, users, files and skills (BENCH_ARGS=--help)
	@$(MAKE) --no-print-directory image build-server >&2
	@e2e/environment.sh bench
	@.venv/bench/bin/python bench/growth.py $(BENCH_ARGS)

.PHONY: bench-scale
bench-scale: ## Measure hundreds of sandboxes of one server: starts, memory, descriptors, recovery (BENCH_ARGS=--help)
	@$(MAKE) --no-print-directory image build-server >&2
	@e2e/environment.sh kubernetes
	@.venv/kubernetes/bin/python bench/scale.py $(BENCH_ARGS)

.PHONY: bench-tokens
bench-tokens: ## Count the tokens that the bridge saves or costs, and time its calls (BENCH_ARGS=--help)
	@$(MAKE) --no-print-directory image build-server >&2
	@e2e/environment.sh tokens
	@.venv/tokens/bin/python bench/tokens.py $(BENCH_ARGS)

.PHONY: bench-defaults
bench-defaults: ## Show what code finds with the defaults of exec-mcp and of its alternatives, and what is left of it
	@$(MAKE) --no-print-directory image build-server >&2
	@e2e/environment.sh bench
	@.venv/bench/bin/python bench/defaults.py

.PHONY: soak
soak: image build-server ## Make thousands of mixed calls with random faults, and report what is left behind (SOAK_ARGS=--help)
	@e2e/environment.sh
	@.venv/tests/bin/python bench/soak.py $(SOAK_ARGS)

.PHONY: clean
clean: ## Remove the build output; the image, the engine and users' workspaces stay
	rm -rf .build .venv demo-output dist
