//! Objects and transactions of the tests: numbers hold in the whole process, so each test has its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use wsrt::ffi::codes::WSRT_S_OK;
use wsrt::ffi::*;

/// A number that no other test uses for an object or a transaction.
fn fresh() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0x7000);
    NEXT.fetch_add(1, SeqCst)
}

static TRANSACTIONS: Mutex<Vec<(usize, &str)>> = Mutex::new(Vec::new());

/// How the driver writes a transaction down.
pub fn transaction_name(transid: usize) -> String {
    let names = TRANSACTIONS.lock().unwrap();
    names.iter().find(|(known, _)| *known == transid).map_or(transid.to_string(), |(_, name)| (*name).to_owned())
}

/// A transaction of a test, which the driver writes down under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction(pub usize);

impl Transaction {
    pub fn new(name: &'static str) -> Self {
        let transid = fresh();
        TRANSACTIONS.lock().unwrap().push((transid, name));
        Self(transid)
    }

    /// Runs something in the transaction.
    pub fn run<R>(self, then: impl FnOnce() -> R) -> R {
        within(0, self.0, then)
    }

    pub fn commit(self) -> i32 {
        unsafe { dispenser_transaction_ended(self.0, 1) }
    }

    pub fn abort(self) -> i32 {
        unsafe { dispenser_transaction_ended(self.0, 0) }
    }

    pub fn aborting(self) -> i32 {
        unsafe { dispenser_transaction_aborting(self.0) }
    }
}

/// An object of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object(pub usize);

impl Object {
    pub fn new() -> Self {
        Self(fresh())
    }

    /// Runs something for the object.
    pub fn run<R>(self, then: impl FnOnce() -> R) -> R {
        within(self.0, 0, then)
    }

    pub fn run_in<R>(self, transaction: Transaction, then: impl FnOnce() -> R) -> R {
        within(self.0, transaction.0, then)
    }

    pub fn end(self) -> i32 {
        unsafe { dispenser_instance_ended(self.0) }
    }
}

pub fn context() -> (usize, usize) {
    let (mut instid, mut transid) = (usize::MAX, usize::MAX);
    assert_eq!(unsafe { dispenser_get_context(&mut instid, &mut transid) }, WSRT_S_OK);
    (instid, transid)
}

pub fn set_context(instid: usize, transid: usize) {
    assert_eq!(unsafe { dispenser_set_context(instid, transid) }, WSRT_S_OK);
}

fn within<R>(instid: usize, transid: usize, then: impl FnOnce() -> R) -> R {
    let before = context();
    set_context(instid, transid);
    let result = then();
    set_context(before.0, before.1);
    result
}
