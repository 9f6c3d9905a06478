#!/usr/bin/env python3
"""Plants one fault after another in a copy of the repository and expects the test that guards it to turn red.

    scripts/teeth.py [WORD]     only the faults whose description contains WORD

A fault is a piece of a file and what stands there instead. When a guarded file changes, run this again.
"""

import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, "target", "teeth")

GATE = "src/core/gate.rs"
RUNTIME = "src/core/workspace/runtime.rs"
DISCONNECT = "src/core/workspace/disconnect.rs"
REGISTRY = "src/core/workspace/registry.rs"
OBSERVERS = "src/core/workspace/observers.rs"
SELECTION = "src/core/dispenser/selection.rs"
RESOURCE = "src/core/dispenser/resource.rs"
RETURNING = "src/core/dispenser/returning.rs"
SWEEP = "src/core/dispenser/sweep.rs"
TRANSACTIONS = "src/core/dispenser/transactions.rs"
POOL = "src/core/dispenser/pool.rs"
TRACKING = "src/core/dispenser/tracking.rs"
FACTS = "src/core/dispenser/facts.rs"

# description, file, what stands there, what is planted, which test must turn red
FAULTS = [
    ("a gate that does not wait", GATE, "while !state.released && !late {", "while false && !late {", "loom closing_a_gate_drains"),
    ("a gate that releases under a call", GATE, "if state.in_flight == 0 {\n            drop(state);\n            self.release();", "if true {\n            drop(state);\n            self.release();", "loom gate"),
    ("a gate whose last call does not release", GATE, "!state.open && state.in_flight == 0", "false", "loom closing_a_gate_from_inside"),
    ("a gate that two can close", GATE, "if !std::mem::replace(&mut state.open, false) {", "if false {", "loom of_two_who_close"),
    ("a removal that does not wait", RUNTIME, "while !done(&state) && !late {", "while false && !late {", "loom removal_waits"),
    ("a removal that lies", RUNTIME, "return Ok(if drained { Quiescence::Reached } else { Quiescence::Deferred });", "let _ = drained;\n            return Ok(Quiescence::Reached);", "callbacks"),
    ("a stale thread that is let in", RUNTIME, "state.life != life || state.is_closing()", "state.is_closing()", "loom stale_handle"),
    ("a cell that is free too early", RUNTIME, "&& state.in_flight == 0 && state.pins == 0", "", "loom end_of_a_runtime"),
    ("an end that forgets observers", RUNTIME, "observers_left |= observer.end(wait) == Quiescence::Deferred;", "drop(observer);", "callbacks"),
    ("a running client that is told again", DISCONNECT, "if entry.telling {", "if false {", "model"),
    ("factorial nesting", DISCONNECT, "(Self::All, _) => true,\n            (Self::Workspace(own), Selection::Workspace(id)) => **own == *id,", "(Self::All, _) => true,", "model"),
    ("the last failure instead of the first", DISCONNECT, "serial < *first", "serial > *first", "model"),
    ("a success for a client that was not told", DISCONNECT, "(0, 0, Scope::One(cookie)) => Err(Error::UnknownCookie(cookie)),\n", "", "callbacks"),
    ("a dead client that is kept", DISCONNECT, "if matches!(answer, Answer::Dead(_)) && !left {", "if false && !left {", "model"),
    ("a walk that visits newcomers", REGISTRY, ".filter(|entry| entry.serial < end)", "", "model"),
    ("a walk that loses its place", REGISTRY, "self.move_walks(lane, at, next);", "", "model"),
    ("an observer told of what it was not told was there", OBSERVERS, "Some(at) if (at.reached..at.end).contains(&key.serial) => {}", "", "lib"),
    ("a thread that is kept for the changes of others", OBSERVERS, "if self.turn(pending.max(TURN)) {", "if self.turn(usize::MAX) {", "callbacks"),
    ("a release that holds up a fan-out", DISCONNECT, ".extract_if(.., |call| call.since.elapsed() >= limit)", ".extract_if(.., |call| !call.answered && call.since.elapsed() >= limit)", "callbacks"),
    ("a thread whose number outgrows a name", "src/ffi/text.rs", "thread::number() & (SLOTS - 1)", "thread::number()", "lib"),
    ("a log that is taken for the child's own", "src/ffi/log.rs", "    process::secret_or_make()?;\n", "", "clients"),
    ("a second look at out parameters", "src/ffi/runtime.rs", "unsafe { zero(out) };", "let _ = zero::<u32>;", "contract"),
    ("a tail that nobody looks at", "src/ffi/versioned.rs", "if tail.iter().any(|&byte| byte != 0) {", "if false {", "contract"),
    ("unknown flags let through", "src/ffi/versioned.rs", "if flags & !T::FLAGS != 0 {", "if false {", "contract"),
    ("a callback that disturbs the last error", "src/ffi/thread.rs", "self.thread.code.set(self.code);", "self.thread.code.set(0);", "callbacks"),
    ("a code that is not documented", "include/wsrt.h", " * @retval WSRT_E_POINTER      visitor is NULL\n", "", "contract,header"),
    ("an export without a row", "tests/contract.rs", 't.runtime("ws_subscribe", WSRT_E_HANDLE, |rt| subscribe(rt, &observer()));', "", "contract"),
    ("an action without a row", "tests/callbacks.rs", '("ws_subscribe",', '("ws_unsubscribe",', "callbacks"),
    ("a header that has drifted", "include/wsrt.h", "uint32_t disconnect_threads;", "uint64_t disconnect_threads;", "header"),
    ("a code that has moved", "src/ffi/codes.rs", "WSRT_E_FORKED = 0x8004_0207", "WSRT_E_FORKED = 0x8004_0208", "header,abi"),
    ("a free resource that a failed enlistment leaves enlisted", SELECTION, "if let Enlistment::Failed(code) = pool.driver().enlist(resid, 0) {", "if let Enlistment::Failed(code) = Enlistment::Declined {", "dispenser_model"),
    ("the oldest candidate first", SELECTION, "candidates.push((ours, slot.stamp.load(Ordering::Relaxed), number));", "candidates.push((ours, u64::MAX - slot.stamp.load(Ordering::Relaxed), number));", "dispenser_model"),
    ("an equal rating that wins", SELECTION, "if rating > self.best.map_or(0, |best| best.rating) {", "if rating >= self.best.map_or(1, |best| best.rating) {", "dispenser_model"),
    ("a transaction whose end is forgotten by what is in use", RESOURCE, "(Step::TransactionEnded, Eu) => Uu, ", "(Step::TransactionEnded, Eu) => Eu, ", "dispenser_model"),
    ("a reclaim that was not asked for", RETURNING, "State::Uu | State::Eu => reclaims,", "State::Uu | State::Eu => true,", "dispenser_model"),
    ("an object whose tracked resources stay", RETURNING, "if !reclaims && ledger.tracked == 0 {", "if !reclaims {", "dispenser_model"),
    ("an idle limit reached one sweep early", SWEEP, "age_ms >= secs * 1_000", "age_ms + 2_500 >= secs * 1_000", "dispenser_model"),
    ("a failed destruction that loses the resource", RETURNING, "Ok(_) => return Err(failed),", "Ok(_) => { self.vacate(number, slot, |_| {}); return Err(failed) }", "dispenser_model"),
    ("a duplicate that is taken", SELECTION, "if other.word().state() != State::Destroying {", "if false {", "dispenser_model"),
    ("a close that forgets what awaits its transaction", RESOURCE, "(Step::Close, Ui | Ei | Awaiting) => Destroying, ", "(Step::Close, Awaiting) => Vacant,\n            (Step::Close, Ui | Ei) => Destroying, ", "dispenser_model"),
    ("a number that stays its old transaction", TRANSACTIONS, "known.records.remove(&transid)?;\n", "known.records.remove(&transid)?;\n        known.next -= 1;\n", "dispenser_model"),
    ("a hit that anybody may have had first", SELECTION, "if fits && slot.exchange(word, word.anew(State::Uu)).is_ok() {", "if fits && { slot.set(word.anew(State::Uu)); true } {", "loom grant_and_return"),
    ("a candidate that two may reserve", SELECTION, "        if slot.exchange(word, word.with(reserved)).is_err() {\n            return Ok(None);\n        }\n", "        slot.set(word.with(reserved));\n", "dispenser_stress"),
    ("a free that does not look again", RETURNING, "match slot.exchange(held, held.with(State::Ui)) {", "slot.set(held.with(State::Ui));\n        match Ok::<(), Word>(()) {", "dispenser_stress,loom close_against_reset"),
    ("a sweep that destroys what is in use again", SWEEP, "&& slot.exchange(seen, next).is_ok()", "&& { slot.set(next); true }", "dispenser_stress,loom alloc_against_sweep"),
    ("a reset that the end of its transaction overlooks", RESOURCE, "(Step::TransactionEnded, ResettingEu) => ResettingUu,", "", "dispenser_stress,loom free_against_transaction_end"),
    ("an enlistment in what is gone", SELECTION, "if !manager.transactions.join(tx, ledger.handle) {", "if !manager.transactions.join(tx, ledger.handle) && false {", "dispenser_stress,loom enlistment_against,dispenser_model"),
    ("a close that does not wait", POOL, "if ledger.life != life || ledger.released {", "if true {", "dispenser_stress,loom close_against_reset"),
    ("a close that callbacks do not hear of", POOL, "let to = state.map_or(word.marked(Word::DOOMED), |state| word.with(state));", "let to = state.map_or(word, |state| word.with(state));", "dispenser_stress,loom close_against_reset"),
    ("a release before the last callback", POOL, "if ledger.leaving == 0 {", "if ledger.leaving <= 1 {", "dispenser_stress"),
    ("a word that is any dispenser's", RESOURCE, "self.0 & !COUNT == tag(life) << LIFE_AT | state as u64", "let _ = life;\n        self.0 & (15 | 3 << 4) == state as u64", "dispenser_stress,loom alloc_against_destroy"),
    ("a lost resource that nobody destroys", POOL, "if state == State::Destroying {\n            let _ = self.destroy(number, slot);\n        }\n        match loss", "match loss", "dispenser_stress,dispenser_model"),
    ("a request that does not mark what a callback has", RETURNING, "if slot.exchange(word, word.marked(Word::DOOMED)).is_ok() {", "if slot.exchange(word, word).is_ok() {", "dispenser_model"),
    ("an untrack that does not look again", TRACKING, "slot.exchange(word, word.with(next)).map_err(Refusal::Changed)?;\n            ledger.tracked -= 1;", "slot.set(word.with(next));\n            ledger.tracked -= 1;", "dispenser_stress"),
    ("an id that its next owner loses", RETURNING, "let known = slot.resid.load(Ordering::Relaxed) == resid;", "let known = true;", "dispenser"),
    ("an idle time that a rating starts anew", RESOURCE, "(!word.state().is_in_callback() || same_callback())", "same_callback()", "dispenser"),
    ("a clock that the end of a transaction starts anew", RESOURCE, "self.after(Step::TransactionEnded).filter(|_| self.state() != State::Awaiting).unwrap_or(self)", "self", "dispenser"),
    ("a candidate that waits and is written off", SELECTION, "                slot.rest();\n                self.best", "                self.best", "dispenser"),
    ("a visitor that a close does not wait for", FACTS, "        ledger.receive_guest();\n        drop(ledger);\n        let _leave = Guest(self);\n", "        drop(ledger);\n        let _ = |pool| drop(Guest::<D>(pool));\n", "callbacks"),
    ("a child that NULL leads to its parent's pool", "src/core/dispenser/seat.rs", "            hint.spot.set(None);\n", "", "clients"),
]


def command(test):
    """The cargo call of a guard; loom's models need their own build."""
    if test.startswith("loom "):
        return ["cargo", "test", "--locked", "-q", "--lib", "--target-dir", TARGET + "-loom", test[5:]], {"RUSTFLAGS": "--cfg loom", "LOOM_MAX_PREEMPTIONS": "3"}
    which = ["--lib"] if test == "lib" else ["--test", test]
    return ["cargo", "test", "--locked", "-q", "--target-dir", TARGET] + which, {}


def run(copy, test):
    words, extra = command(test)
    done = subprocess.run(words, cwd=copy, env=os.environ | extra, capture_output=True, text=True, timeout=900)
    return done.returncode, done.stdout + done.stderr


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [fault for fault in FAULTS if word in fault[0]]
    blunt = 0
    with tempfile.TemporaryDirectory() as directory:
        copy = os.path.join(directory, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("target*", ".git"))
        for what, file, old, new, tests in chosen:
            path = os.path.join(copy, file)
            with open(path, encoding="utf-8") as source:
                sound = source.read()
            if sound.count(old) != 1:
                print(f"STALE  {what}: {file} has {sound.count(old)} places for it")
                blunt += 1
                continue
            with open(path, "w", encoding="utf-8") as planted:
                planted.write(sound.replace(old, new))
            for test in tests.split(","):
                code, output = run(copy, test)
                if "could not compile" in output:
                    print(f"STALE  {what}: does not compile")
                    blunt += 1
                elif code == 0:
                    print(f"BLUNT  {what}: {test} stays green")
                    blunt += 1
                else:
                    print(f"bites  {what}: {test}")
                sys.stdout.flush()
            with open(path, "w", encoding="utf-8") as restored:
                restored.write(sound)
    print(f"{len(chosen)} faults planted, {blunt} not caught")
    return 1 if blunt else 0


if __name__ == "__main__":
    sys.exit(main())
