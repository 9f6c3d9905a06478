//! What the dispensers keep per thread: where it found its last resources, and the object and transaction it runs for.
//!
//! May not: own anything; a thread that ends leaves nothing behind. Where the block lives is the border's business.

use super::transactions::Binding;
use std::cell::Cell;

/// How many dispensers a thread may use in turn and still find its last resource at once.
const HINTS: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Hint {
    /// The dispenser's address. Objects are type-stable, and a hint only says where to look first.
    at: usize,
    slot: u32,
}

#[derive(Debug)]
pub(crate) struct Seat {
    /// The number by which the system knows the thread, for reports.
    thread: Cell<u64>,
    /// Orders what this thread did to resources; see `stamp`.
    clock: Cell<u64>,
    instid: Cell<usize>,
    binding: Cell<Binding>,
    hints: [Cell<Hint>; HINTS],
}

impl Seat {
    pub(crate) const fn new() -> Self {
        Self {
            thread: Cell::new(0),
            clock: Cell::new(0),
            instid: Cell::new(0),
            binding: Cell::new(Binding::NONE),
            hints: [const { Cell::new(Hint { at: 0, slot: 0 }) }; HINTS],
        }
    }

    /// 0: not told yet.
    pub(crate) fn thread(&self) -> u64 {
        self.thread.get()
    }

    pub(crate) fn set_thread(&self, number: u64) {
        self.thread.set(number);
    }

    pub(crate) fn instid(&self) -> usize {
        self.instid.get()
    }

    /// Whether the thread runs for no object and in no transaction.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.instid.get() as u64 | self.binding.get().number == 0
    }

    /// The transaction record that the thread is bound to, dead or alive.
    pub(crate) fn binding(&self) -> Binding {
        self.binding.get()
    }

    pub(crate) fn bind(&self, instid: usize, binding: Binding) {
        self.instid.set(instid);
        self.binding.set(binding);
    }

    /// A number above `seen` and above all that this thread has stamped: on one thread, and along every way by which
    /// resources go from thread to thread, later means higher.
    pub(super) fn stamp(&self, seen: u64) -> u64 {
        let stamp = self.clock.get().max(seen) + 1;
        self.clock.set(stamp);
        stamp
    }

    fn hint(&self, at: usize) -> &Cell<Hint> {
        // Objects lie a few cache lines apart.
        &self.hints[(at >> 7 ^ at >> 10) % HINTS]
    }

    /// The slot that this thread last had to do with in the object at `at`.
    pub(super) fn last(&self, at: usize) -> Option<u32> {
        let hint = self.hint(at).get();
        (hint.at == at).then_some(hint.slot)
    }

    pub(super) fn remember(&self, at: usize, slot: u32) {
        self.hint(at).set(Hint { at, slot });
    }
}
