//! What the dispensers keep per thread: where it found its last resources, and the object and transaction it runs for.
//!
//! May not: own anything; a thread that ends leaves nothing behind. Where the block lives is the border's business.

use super::pool::Dispenser;
use super::resource::Slot;
use super::transactions::Binding;
use std::cell::Cell;

/// How many dispensers a thread may use in turn and still find its last resource at once.
const HINTS: usize = 8;

/// A dispenser as its caller means it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) handle: u64,
    pub(crate) life: u64,
}

/// Where this thread last had to do with a resource. Dispensers and slots are never freed, and the slot's word says
/// whether it is still that dispenser's: a hint can be out of date, not wrong.
#[derive(Debug)]
pub(crate) struct Spot<D: 'static> {
    pub(crate) pool: &'static Dispenser<D>,
    pub(crate) name: Name,
    pub(super) number: u32,
    pub(super) slot: &'static Slot,
}

impl<D> Clone for Spot<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Spot<D> {}

struct Hint<D: 'static> {
    handle: Cell<u64>,
    spot: Cell<Option<Spot<D>>>,
}

impl<D> Hint<D> {
    fn take_over(&self, other: &Self) {
        self.handle.set(other.handle.get());
        self.spot.set(other.spot.get());
    }
}

pub(crate) struct Seat<D: 'static> {
    /// The number by which the system knows the thread, for reports.
    thread: Cell<u64>,
    /// Orders what this thread did to resources; see `stamp`.
    clock: Cell<u64>,
    instid: Cell<usize>,
    binding: Cell<Binding>,
    /// The dispensers used last, the very last first.
    hints: [Hint<D>; HINTS],
}

impl<D> Seat<D> {
    pub(crate) const fn new() -> Self {
        Self {
            thread: Cell::new(0),
            clock: Cell::new(0),
            instid: Cell::new(0),
            binding: Cell::new(Binding::NONE),
            hints: [const { Hint { handle: Cell::new(0), spot: Cell::new(None) } }; HINTS],
        }
    }

    /// 0: not told yet.
    pub(crate) fn thread(&self) -> u64 {
        self.thread.get()
    }

    pub(crate) fn set_thread(&self, number: u64) {
        self.thread.set(number);
    }

    /// In a child of fork(): the thread has another number and no context, and the dispensers are its parent's.
    pub(crate) fn forget(&self) {
        self.thread.set(0);
        self.bind(0, Binding::NONE);
        for hint in &self.hints {
            hint.handle.set(0);
            hint.spot.set(None);
        }
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
    #[inline]
    pub(super) fn stamp(&self, seen: u64) -> u64 {
        let stamp = self.clock.get().max(seen) + 1;
        self.clock.set(stamp);
        stamp
    }

    /// Where this thread last had to do with the dispenser of that handle.
    #[inline]
    pub(crate) fn spot(&self, handle: u64) -> Option<Spot<D>> {
        if self.hints[0].handle.get() != handle {
            self.bring_forward(handle)?;
        }
        self.hints[0].spot.get()
    }

    #[inline(never)]
    fn bring_forward(&self, handle: u64) -> Option<()> {
        let at = self.hints.iter().position(|hint| hint.handle.get() == handle)?;
        let spot = self.hints[at].spot.get();
        self.put_first(at, handle, spot);
        Some(())
    }

    /// Makes room for a hint at the front, up to a place that is given up.
    fn put_first(&self, at: usize, handle: u64, spot: Option<Spot<D>>) {
        for place in (1..=at).rev() {
            self.hints[place].take_over(&self.hints[place - 1]);
        }
        self.hints[0].handle.set(handle);
        self.hints[0].spot.set(spot);
    }

    pub(super) fn remember(&self, handle: u64, spot: Spot<D>) {
        let at = self.hints.iter().position(|hint| hint.handle.get() == handle);
        self.put_first(at.unwrap_or(HINTS - 1), handle, Some(spot));
    }
}

impl<D> std::fmt::Debug for Seat<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").field("thread", &self.thread).finish_non_exhaustive()
    }
}
