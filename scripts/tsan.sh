#!/bin/sh
# tsan.sh: runs the threaded tests under ThreadSanitizer.
#
# With a std that is not instrumented it accuses correct code. rustup's stable toolchain has no source to rebuild std
# from; Debian's rustc-web has, unpacked beside it, and takes the sanitizer's runtime from the toolchain that is here.
# Everything is kept in target-tsan; remove that to begin anew, as when one of the two toolchains has moved.
# shellcheck disable=SC2086  # lists of words, everywhere
set -eu

cd "$(dirname "$0")/.."
kept=$PWD/target-tsan
toolchain=$kept/toolchain
triple=x86_64-unknown-linux-gnu

stop() {
    echo "$1" >&2
    exit 1
}

rustc_in() {
    LD_LIBRARY_PATH=$1/usr/lib/x86_64-linux-gnu:$1/usr/lib "$1/usr/bin/rustc" -vV
}

llvm() {
    sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'
}

# The compiler, the source and the standard library, and of what they depend on whatever is not installed.
packages() {
    apt-cache depends --recurse --important rustc-web rust-web-src 2>/dev/null | grep '^[a-z0-9]' | sort -u |
        while read -r package; do
            case $package in
            rustc-web | rust-web-src | libstd-rust-web-* | libllvm*) echo "$package" ;;
            *) dpkg-query -W "$package" >/dev/null 2>&1 || echo "$package" ;;
            esac
        done
}

# rustc-web is unpacked and not installed: it conflicts with every other Rust compiler.
fetch() {
    names=$(packages)
    case $names in *rustc-web*) ;; *) return 1 ;; esac
    echo "fetching:" $names
    (cd "$1" && apt-get -qq download $names) 2>"$1/why"
}

unpack() {
    runtime=$(rustc --print sysroot)/lib/rustlib/$triple/lib/librustc-stable_rt.tsan.a
    [ -f "$runtime" ] || stop "missing: librustc-stable_rt.tsan.a in the Rust toolchain (rustup's toolchains have it)"

    new=$toolchain.new
    rm -rf "$new"
    mkdir -p "$new"
    # Lists that are old may lead to a compiler that is too old; one that cannot be refreshed may still be new enough.
    if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
    $as_root apt-get -qq update >/dev/null 2>&1 || echo "the package lists could not be refreshed"
    fetch "$new" || stop "missing: rustc-web or what it depends on (Debian packages) $(cat "$new/why" 2>/dev/null)"
    for package in "$new"/*.deb; do
        dpkg -x "$package" "$new"
        rm "$package"
    done
    theirs=$(rustc_in "$new" | llvm)
    ours=$(rustc -vV | llvm)
    [ "$theirs" = "$ours" ] ||
        stop "missing: a tsan runtime of LLVM $theirs, as rustc-web has; the Rust toolchain's is of LLVM $ours"
    cp "$runtime" "$new/usr/lib/rustlib/$triple/lib/"
    mv "$new" "$toolchain"
}

for tool in apt-cache dpkg; do
    command -v $tool >/dev/null || stop "missing: $tool (the instrumented toolchain is made of Debian's packages)"
done
for tool in rustc cargo; do
    command -v $tool >/dev/null || stop "missing: $tool (a rustup toolchain)"
done
sh scripts/need.sh gcc libc6-dev
[ -d "$toolchain" ] || unpack

export RUSTC="$toolchain/usr/bin/rustc" RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread
export LD_LIBRARY_PATH="$toolchain/usr/lib/x86_64-linux-gnu:$toolchain/usr/lib"
export CARGO_TARGET_DIR="$kept/build" CARGO_PROFILE_DEV_DEBUG=line-tables-only
# A sanitizer's shadow memory is no measure of the library's.
export TSAN_OPTIONS=halt_on_error=1 WSRT_STRESS_MEMORY=unmeasured
instrumented="-Zbuild-std=std,panic_unwind --target $triple"

tests="--lib --test stress --test dispenser_stress --test soak"
[ ! -f tests/callbacks.rs ] || tests="$tests --test callbacks"

cargo test $instrumented --no-run $tests
# First the proof that this very program finds races, and nothing else: a run that checks nothing must not pass.
report=$kept/report
prove() {
    cargo test --quiet $instrumented --test stress -- --include-ignored --exact "planted::$1" >"$report" 2>&1
}
{ prove no_race && grep -q '1 passed' "$report"; } ||
    stop "ThreadSanitizer fails, or accuses a correct program: $(cat "$report")"
if prove race; then
    stop "ThreadSanitizer overlooks a planted data race"
fi
grep -q 'WARNING: ThreadSanitizer: data race' "$report" ||
    stop "the planted data race fails otherwise than by ThreadSanitizer: $(cat "$report")"
echo "ThreadSanitizer finds the planted race and accuses no correct program"

cargo test $instrumented $tests
