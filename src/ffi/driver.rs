//! `dispenser_driver`: the table of callbacks by which a dispenser's owner makes, judges and ends resources.
//!
//! The table of a dispenser lies in its cell, which outlives it: a thread that comes late still finds a table there, if
//! not its own, and may call it only while a slot of that dispenser is marked as being in a callback.

use super::codes::{
    DISPENSER_EVENT_WRITTEN_OFF, DISPENSER_EVENT_WRITTEN_OFF_RETURNED, DISPENSER_RATING_PERFECT, WSRT_E_NOTIMPL,
    WSRT_S_FALSE,
};
use super::foreign::{Origin, Release, UserData};
use super::inventory::{dispenser_resource_info, with_info};
use super::library::wsrt_hresult;
use super::text::c_string;
use super::versioned::Versioned;
use crate::core::dispenser::facts::Info;
use crate::core::dispenser::{Created, Driver, Enlistment, Event};
use std::ffi::{c_char, c_void};
use std::mem::transmute;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Names one resource of one dispenser; often its address. The driver chooses it; 0 names nothing.
pub type dispenser_resid = usize;
/// Names a type of resources. The library compares it and passes it on, and never follows it; 0 names nothing.
pub type dispenser_restypid = usize;
/// Names a transaction in the whole process; best the address of an object of yours. 0: none.
pub type dispenser_transid = usize;
/// Names an object that runs in the process; best its address. 0: none.
pub type dispenser_instid = usize;

/// What the owner of a pool does for it. DISPENSER_DRIVER_INIT sets cb_size.
///
/// Each is called with no lock held, on the thread of the call that needs it or, in a sweep, on a thread of the library;
/// each may call every function, also on the dispenser that calls it. Several may run at once, but only one for one
/// resource. One that takes longer than callback_deadline_ms is written off: what it brings late is cleaned up.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dispenser_driver {
    /// sizeof(dispenser_driver)
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// Passed to every function of this table.
    pub user_data: *mut c_void,
    /// Makes a resource of a type; required. Sets *resid, which must not be 0 nor the id of another that this dispenser
    /// has, pooled or tracked: else the resource is not taken, nothing is called for it, and the alloc fails with
    /// WSRT_E_INVALIDARG. May set *secs_free_before_destroy, how long it may lie idle, in seconds: 0 until the next
    /// sweep; negative, or left alone, for ever. A failure is what the alloc returns.
    pub create_resource: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            restypid: dispenser_restypid,
            resid: *mut dispenser_resid,
            secs_free_before_destroy: *mut i32,
        ) -> wsrt_hresult,
    >,
    /// Says how well a free resource would do for a type: *rating from 0, unusable, to DISPENSER_RATING_PERFECT, which
    /// ends the search. A failure and more than 100 count as 0. requires_enlistment is 1 if it would have to be enlisted
    /// first. Every free resource is offered, of whatever type. NULL: types are values, equal ones fit.
    pub rate_resource: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            restypid: dispenser_restypid,
            resid: dispenser_resid,
            requires_enlistment: i32,
            rating: *mut u32,
        ) -> wsrt_hresult,
    >,
    /// Enlists a resource in a transaction; transid 0: sees to it that it is in none. WSRT_S_FALSE: it is not one for
    /// transactions, and is handed out all the same. After a failure, and only then, it is called again with transid 0;
    /// if that fails too, the resource is destroyed. Nothing is called when a transaction ends: who remembers it in the
    /// resource clears that before dispenser_transaction_ended(). NULL: WSRT_S_FALSE, always.
    pub enlist_resource: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            resid: dispenser_resid,
            transid: dispenser_transid,
        ) -> wsrt_hresult,
    >,
    /// Makes a resource as good as new on its way back. A transaction that it is enlisted in goes on: its work must be
    /// left alone. A failure fails the free, and the resource stays its user's. NULL: nothing to do.
    pub reset_resource: Option<unsafe extern "C" fn(user_data: *mut c_void, resid: dispenser_resid) -> wsrt_hresult>,
    /// Ends a resource. Its id may be used again from then on, also before this returns. A failure is logged, and the
    /// resource forgotten; only dispenser_destroy_resource() keeps it then. NULL: WSRT_E_NOTIMPL.
    pub destroy_resource: Option<unsafe extern "C" fn(user_data: *mut c_void, resid: dispenser_resid) -> wsrt_hresult>,
    /// Ends a resource that is tracked by a string, which is valid during the call. NULL: WSRT_E_NOTIMPL.
    pub destroy_resource_s: Option<unsafe extern "C" fn(user_data: *mut c_void, sresid: *const c_char) -> wsrt_hresult>,
    /// Runs once, after the last callback; may be NULL.
    pub release: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Sees a DISPENSER_EVENT_*; may be NULL. Info is valid during the call.
    pub report: Option<unsafe extern "C" fn(user_data: *mut c_void, event: u32, info: *const dispenser_resource_info)>,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for dispenser_driver {
    const FIRST: usize = 80;
    const FLAGS: u32 = 0;
}

type Create = unsafe extern "C" fn(*mut c_void, usize, *mut usize, *mut i32) -> i32;
type Rate = unsafe extern "C" fn(*mut c_void, usize, usize, i32, *mut u32) -> i32;
type Enlist = unsafe extern "C" fn(*mut c_void, usize, usize) -> i32;
type One = unsafe extern "C" fn(*mut c_void, usize) -> i32;
type Named = unsafe extern "C" fn(*mut c_void, *const c_char) -> i32;
type Give = unsafe extern "C" fn(*mut c_void);
type Report = unsafe extern "C" fn(*mut c_void, u32, *const dispenser_resource_info);

/// The table of one dispenser after another. Atomic, for a thread that comes late may look while the next is put in.
pub(super) struct DriverCell {
    user_data: AtomicPtr<c_void>,
    origin: AtomicU32,
    create: AtomicUsize,
    rate: AtomicUsize,
    enlist: AtomicUsize,
    reset: AtomicUsize,
    destroy: AtomicUsize,
    destroy_s: AtomicUsize,
    release: AtomicUsize,
    report: AtomicUsize,
}

impl DriverCell {
    pub(super) const fn new() -> Self {
        Self {
            user_data: AtomicPtr::new(std::ptr::null_mut()),
            origin: AtomicU32::new(0),
            create: AtomicUsize::new(0),
            rate: AtomicUsize::new(0),
            enlist: AtomicUsize::new(0),
            reset: AtomicUsize::new(0),
            destroy: AtomicUsize::new(0),
            destroy_s: AtomicUsize::new(0),
            release: AtomicUsize::new(0),
            report: AtomicUsize::new(0),
        }
    }

    /// Takes a table over; the cell is vacant.
    pub(super) fn put(&self, table: &dispenser_driver) {
        self.user_data.store(table.user_data, Relaxed);
        self.origin.store(Origin::here().epoch(), Relaxed);
        self.create.store(table.create_resource.map_or(0, |it| it as usize), Relaxed);
        self.rate.store(table.rate_resource.map_or(0, |it| it as usize), Relaxed);
        self.enlist.store(table.enlist_resource.map_or(0, |it| it as usize), Relaxed);
        self.reset.store(table.reset_resource.map_or(0, |it| it as usize), Relaxed);
        self.destroy.store(table.destroy_resource.map_or(0, |it| it as usize), Relaxed);
        self.destroy_s.store(table.destroy_resource_s.map_or(0, |it| it as usize), Relaxed);
        self.release.store(table.release.map_or(0, |it| it as usize), Relaxed);
        self.report.store(table.report.map_or(0, |it| it as usize), Relaxed);
    }

    #[inline]
    fn origin(&self) -> Origin {
        Origin::of(self.origin.load(Relaxed))
    }

    #[inline]
    fn user_data(&self) -> *mut c_void {
        self.user_data.load(Relaxed)
    }

    fn one(&self, function: &AtomicUsize, resid: usize) -> Result<(), i32> {
        // SAFETY: both fields are only ever given such a function, or 0, which is None.
        let Some(function) = (unsafe { transmute::<usize, Option<One>>(function.load(Relaxed)) }) else {
            return Err(WSRT_E_NOTIMPL);
        };
        let user_data = self.user_data();
        // SAFETY: the table's owner vouched for the function.
        failed(self.origin().ask(None, || unsafe { function(user_data, resid) }))
    }
}

#[inline]
const fn failed(code: i32) -> Result<(), i32> {
    if code < 0 { Err(code) } else { Ok(()) }
}

impl Driver for DriverCell {
    #[inline]
    fn rates(&self) -> bool {
        self.rate.load(Relaxed) != 0
    }

    #[inline]
    fn resets(&self) -> bool {
        self.reset.load(Relaxed) != 0
    }

    fn create(&self, restypid: usize) -> Result<Created, i32> {
        // SAFETY: the field is only ever given such a function, or 0, which is None.
        let create = unsafe { transmute::<usize, Option<Create>>(self.create.load(Relaxed)) };
        let Some(create) = create else { return Err(WSRT_E_NOTIMPL) };
        let (mut resid, mut secs) = (0, -1);
        let user_data = self.user_data();
        // SAFETY: the table's owner vouched for the function; both outs live through the call.
        failed(self.origin().ask(None, || unsafe { create(user_data, restypid, &mut resid, &mut secs) }))?;
        Ok(Created { resid, secs_free_before_destroy: secs })
    }

    #[inline]
    fn rate(&self, restypid: usize, resid: usize, requires_enlistment: bool) -> u32 {
        // SAFETY: the field is only ever given such a function, or 0, which is None.
        let rate = unsafe { transmute::<usize, Option<Rate>>(self.rate.load(Relaxed)) };
        let Some(rate) = rate else { return 0 };
        let mut rating = 0;
        let (user_data, requires) = (self.user_data(), requires_enlistment.into());
        // SAFETY: the table's owner vouched for the function; the out lives through the call.
        let code = self.origin().ask(None, || unsafe { rate(user_data, restypid, resid, requires, &mut rating) });
        if code < 0 || rating > DISPENSER_RATING_PERFECT { 0 } else { rating }
    }

    fn enlist(&self, resid: usize, transid: usize) -> Enlistment {
        // SAFETY: the field is only ever given such a function, or 0, which is None.
        let enlist = unsafe { transmute::<usize, Option<Enlist>>(self.enlist.load(Relaxed)) };
        let Some(enlist) = enlist else { return Enlistment::Declined };
        let user_data = self.user_data();
        // SAFETY: the table's owner vouched for the function.
        match self.origin().ask(None, || unsafe { enlist(user_data, resid, transid) }) {
            WSRT_S_FALSE => Enlistment::Declined,
            code if code < 0 => Enlistment::Failed(code),
            _ => Enlistment::Enlisted,
        }
    }

    #[inline]
    fn reset(&self, resid: usize) -> Result<(), i32> {
        self.one(&self.reset, resid)
    }

    fn destroy(&self, resid: usize) -> Result<(), i32> {
        self.one(&self.destroy, resid)
    }

    fn destroy_s(&self, sresid: &str) -> Result<(), i32> {
        // SAFETY: the field is only ever given such a function, or 0, which is None.
        let destroy = unsafe { transmute::<usize, Option<Named>>(self.destroy_s.load(Relaxed)) };
        let Some(destroy) = destroy else { return Err(WSRT_E_NOTIMPL) };
        let (user_data, sresid) = (self.user_data(), c_string(sresid));
        // SAFETY: the table's owner vouched for the function; the string lives through the call.
        failed(self.origin().ask(None, || unsafe { destroy(user_data, sresid.as_ptr()) }))
    }

    fn report(&self, event: Event, info: &Info) {
        // SAFETY: the field is only ever given such a function, or 0, which is None.
        let report = unsafe { transmute::<usize, Option<Report>>(self.report.load(Relaxed)) };
        let Some(report) = report else { return };
        let event = match event {
            Event::WrittenOff => DISPENSER_EVENT_WRITTEN_OFF,
            Event::WrittenOffReturned => DISPENSER_EVENT_WRITTEN_OFF_RETURNED,
        };
        let (user_data, origin) = (self.user_data(), self.origin());
        // SAFETY: the table's owner vouched for the function; info lives through the call.
        with_info(info, |info| origin.tell(None, || unsafe { report(user_data, event, info) }));
    }

    fn release(&self) {
        // SAFETY: the field is only ever given such a function, or 0, which is None.
        let release = unsafe { transmute::<usize, Option<Give>>(self.release.load(Relaxed)) };
        drop(Release { user_data: UserData(self.user_data()), release, origin: self.origin() });
    }
}
