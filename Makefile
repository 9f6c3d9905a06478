# Every target installs what it needs (scripts/need.sh) or says in one line what is missing.
.POSIX:
CARGO = cargo

.PHONY: help
help:
	@echo "make demo           real RDP connections in two workspaces; one workspace is disconnected"
	@echo "make demo-quick     the same story without RDP: needs a C compiler only"
	@echo "make test           all tests"
	@echo "make test-threads   the threaded tests under ThreadSanitizer"
	@echo "make bench          what the calls cost, beside a floor and peers"

.PHONY: library
library:
	$(CARGO) build --release --locked --quiet --target-dir target
	ln -sf libwsrt.so target/release/libwsrt.so.0

.PHONY: demo
demo:
	@./examples/rdp/demo.sh

.PHONY: bench
bench: library
	@./scripts/need.sh gcc libc6-dev
	@gcc -std=c11 -O2 -Wall -Wextra -Werror -pthread -Iinclude benches/registry.c -o target/release/registry-bench \
		-Ltarget/release -lwsrt -Wl,-rpath,'$$ORIGIN'
	@$(CARGO) build --release --quiet --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	@./target/release/registry-bench
	@echo
	@./target/peers/release/peers

TEST_NEEDS = gcc g++ libc6-dev binutils valgrind pkg-config python3

.PHONY: test
test:
	@./scripts/need.sh $(TEST_NEEDS)
	$(CARGO) test --locked
	LOOM_MAX_PREEMPTIONS=3 RUSTFLAGS="--cfg loom" $(CARGO) test --locked --lib --target-dir target/loom models
	@echo "everything passed"

.PHONY: test-threads
test-threads:
	@./scripts/tsan.sh

.PHONY: teeth
teeth:
	@./scripts/need.sh python3
	./scripts/teeth.py

.PHONY: demo-quick
demo-quick: library
	@command -v cc >/dev/null || scripts/need.sh gcc libc6-dev
	cc -std=c99 -Iinclude examples/c/story.c -Ltarget/release -lwsrt -o target/release/story
	@LD_LIBRARY_PATH=target/release target/release/story
