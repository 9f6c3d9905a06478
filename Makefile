# Every target installs what it needs (scripts/need.sh) or says in one line what is missing.
.POSIX:
CARGO = cargo

.PHONY: help
help:
	@echo "make demo           real RDP connections in two workspaces, one is disconnected; a pool on a real PostgreSQL"
	@echo "make demo-quick     the story of both services in C; a pool of SQLite connections in Python"
	@echo "make library        libwsrt.so and libwsrt.a in target/release"
	@echo "make test           all tests"
	@echo "make test-threads   the threaded tests under ThreadSanitizer"
	@echo "make soak           a minute of threads, faults, transactions and closes on dispensers"
	@echo "make lint           rustfmt and clippy"
	@echo "make teeth          faults planted in a copy: each must turn a test red"
	@echo "make bench          what the calls cost, beside a floor and peers"

.PHONY: tools
tools:
	@command -v $(CARGO) >/dev/null || { echo "missing: cargo (Rust 1.95 or later, see https://rustup.rs)" >&2; exit 1; }
	@command -v cc >/dev/null || ./scripts/need.sh gcc libc6-dev

.PHONY: library
library: tools
	$(CARGO) build --release --locked --quiet --target-dir target
	ln -sf libwsrt.so target/release/libwsrt.so.0

.PHONY: demo
demo:
	@./examples/rdp/demo.sh
	@./examples/odbc/demo.sh

.PHONY: bench
bench: library
	@./scripts/need.sh gcc g++ libc6-dev python3 mono-mcs mono-runtime
	@gcc -std=c11 -O2 -Wall -Wextra -Werror -pthread -Iinclude benches/registry.c -o target/release/registry-bench \
		-Ltarget/release -lwsrt -Wl,-rpath,'$$ORIGIN'
	@$(CARGO) build --release --quiet --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	@./target/release/registry-bench
	@echo
	@gcc -std=c11 -O2 -Wall -Wextra -Werror -pthread -Iinclude benches/dispenser.c -o target/release/dispenser-bench \
		-Ltarget/release -lwsrt -Wl,-rpath,'$$ORIGIN'
	@./target/release/dispenser-bench
	@echo
	@./target/peers/release/peers
	@echo
	@g++ -std=c++17 -O2 -Wall -Wextra -Werror -pthread -Iinclude benches/bindings.cpp -o target/release/bindings-bench \
		-Ltarget/release -lwsrt -Wl,-rpath,'$$ORIGIN'
	@./target/release/bindings-bench
	@echo
	@WSRT_LIBRARY=$$PWD/target/release/libwsrt.so /usr/bin/python3 examples/python/bench.py
	@echo
	@mcs -langversion:7.2 -out:target/release/Bench.exe examples/csharp/Bench.cs examples/csharp/Wsrt/*.cs
	@LD_LIBRARY_PATH=target/release mono target/release/Bench.exe

TEST_NEEDS = gcc g++ clang libc6-dev binutils valgrind make pkg-config python3 python3-pip python3-setuptools python3-venv \
	python3-wheel mypy mono-mcs mono-runtime unixodbc unixodbc-dev postgresql odbc-postgresql libsqliteodbc

.PHONY: test
test: tools
	@./scripts/need.sh $(TEST_NEEDS)
	$(CARGO) test --locked
	LOOM_MAX_PREEMPTIONS=3 RUSTFLAGS="--cfg loom" $(CARGO) test --locked --lib --target-dir target/loom models
	@echo "everything passed"

.PHONY: test-threads
test-threads:
	@./scripts/tsan.sh

.PHONY: soak
soak: tools
	WSRT_SOAK_SECONDS=60 $(CARGO) test --locked --release --test soak -- --nocapture

.PHONY: lint
lint: tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

.PHONY: teeth
teeth:
	@./scripts/need.sh python3
	./scripts/teeth.py

.PHONY: demo-quick
demo-quick: library
	cc -std=c99 -Iinclude examples/c/story.c -Ltarget/release -lwsrt -o target/release/story
	@LD_LIBRARY_PATH=target/release target/release/story
	@./scripts/need.sh python3
	@WSRT_LIBRARY=$$PWD/target/release/libwsrt.so /usr/bin/python3 examples/python/sqlite_pool.py
