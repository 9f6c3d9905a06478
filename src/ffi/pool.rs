//! `dispenser`: the object, its settings, its beginning and its end, and the passing of time.

use super::boundary::{Failure, guard, quiescence, required_argument};
use super::codes::{
    DISPENSER_AUTO_RECLAIM, DISPENSER_MANUAL_SWEEP, DISPENSER_NO_POOLING, WSRT_E_NOTIMPL, WSRT_S_FALSE, WSRT_S_OK,
};
use super::driver::{DriverCell, dispenser_driver};
use super::handle::{Cells, Kind};
use super::library::wsrt_hresult;
use super::log;
use super::process::{self, PerProcess, spawn_for_sweeps};
use super::runtime::span;
use super::text::string;
use super::thread::is_inside_callback;
use super::versioned::{Versioned, read, write};
use crate::core::dispenser::Options;
use crate::core::dispenser::manager::Manager;
use crate::core::dispenser::pool::Dispenser;
use crate::core::dispenser::sweep::Swept;
use crate::core::dispenser::sweeper::{Hooks, Sweeper};
use crate::core::env::Env;
use std::ffi::c_char;
use std::time::Duration;

/// A pool of resources that its owner's driver makes and ends. Made by dispenser_create().
///
/// The pointer is a name, not an address.
pub struct dispenser {
    _opaque: (),
}

/// Settings of a dispenser; every field may be 0. DISPENSER_OPTIONS_INIT sets cb_size.
///
/// All zero is what the Windows pages describe: no limit, no waiting, a sweep every 10 s.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dispenser_options {
    /// sizeof(dispenser_options)
    pub cb_size: u32,
    /// DISPENSER_AUTO_RECLAIM, DISPENSER_NO_POOLING, DISPENSER_MANUAL_SWEEP
    pub flags: u32,
    /// Not used in this version; 0: as many as are wanted.
    pub max_resources: u32,
    /// Not used in this version; 0.
    pub max_waiters: u32,
    /// Not used in this version; 0: nobody waits.
    pub wait_timeout_ms: u32,
    /// How often a thread of the library sweeps, in ms; 0: 10,000; WSRT_INFINITE: never.
    pub sweep_interval_ms: u32,
    /// Not used in this version; 0: resources have no greatest age.
    pub max_lifetime_s: u32,
    /// Not used in this version; 0.
    pub jitter_percent: u32,
    /// After how long a callback is written off, in ms, as sweeps see it; 0 or WSRT_INFINITE: never.
    pub callback_deadline_ms: u32,
    /// Not used in this version; 0.
    pub leak_threshold_ms: u32,
    /// Not used in this version; 0: a close does not wait for what is in use.
    pub close_deadline_ms: u32,
    /// How long a close waits for running callbacks, in ms; 0 or WSRT_INFINITE: without limit.
    pub drain_timeout_ms: u32,
    /// Not used in this version; 0.
    pub max_creating: u32,
    /// Not used in this version; 0.
    pub create_backoff_ms: u32,
    /// Not used in this version; 0.
    pub create_backoff_max_ms: u32,
    /// Not used in this version; 0.
    pub fail_fast_after: u32,
    /// Not used in this version; 0.
    pub fail_fast_ms: u32,
    /// 0
    pub reserved: u32,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for dispenser_options {
    const FIRST: usize = 72;
    const FLAGS: u32 = DISPENSER_AUTO_RECLAIM | DISPENSER_NO_POOLING | DISPENSER_MANUAL_SWEEP;
}

pub(super) type Object = Dispenser<DriverCell>;

const ENV: Env = Env { now_ms, log: log::write, spawn: spawn_for_sweeps };
static DISPENSERS: Cells<Object> = Cells::new(Kind::Dispenser, || Dispenser::new(DriverCell::new(), ENV));
static MANAGER: PerProcess<Manager> = PerProcess::new();
static SWEEPER: PerProcess<Sweeper> = PerProcess::new();
static HOOKS: Hooks = Hooks { find: find_swept, env: ENV };

const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// Milliseconds of a clock that does not stop while the machine sleeps.
fn now_ms() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is room for a timespec, and the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
}

/// The dispenser of a handle, and the life that the handle means.
pub(super) fn find(dispenser: *mut dispenser) -> Result<(&'static Object, u64), Failure> {
    DISPENSERS.find(dispenser as usize as u64, "dispenser")
}

/// As `find`, for the manager: who is gone needs no notice.
pub(super) fn find_member(handle: u64) -> Option<(&'static Object, u64)> {
    DISPENSERS.peek(handle)
}

fn find_swept(handle: u64) -> Option<(&'static dyn Swept, u64)> {
    find_member(handle).map(|(object, life)| (object as _, life))
}

/// The manager of this process; makes sure that a fork is noticed, for it may be the first that the process has of us.
pub(super) fn manager() -> Result<&'static Manager, Failure> {
    process::secret_or_make()?;
    Ok(MANAGER.get())
}

fn options_of(given: &dispenser_options) -> Result<Options, Failure> {
    let unused = [
        ("max_resources", given.max_resources),
        ("max_waiters", given.max_waiters),
        ("wait_timeout_ms", given.wait_timeout_ms),
        ("max_lifetime_s", given.max_lifetime_s),
        ("jitter_percent", given.jitter_percent),
        ("leak_threshold_ms", given.leak_threshold_ms),
        ("close_deadline_ms", given.close_deadline_ms),
        ("max_creating", given.max_creating),
        ("create_backoff_ms", given.create_backoff_ms),
        ("create_backoff_max_ms", given.create_backoff_max_ms),
        ("fail_fast_after", given.fail_fast_after),
        ("fail_fast_ms", given.fail_fast_ms),
        ("reserved", given.reserved),
    ];
    if let Some((name, _)) = unused.into_iter().find(|&(_, value)| value != 0) {
        return Err(Failure::new(WSRT_E_NOTIMPL, format!("options: {name} is not offered in this version")));
    }
    Ok(Options {
        auto_reclaim: given.flags & DISPENSER_AUTO_RECLAIM != 0,
        no_pooling: given.flags & DISPENSER_NO_POOLING != 0,
        manual_sweep: given.flags & DISPENSER_MANUAL_SWEEP != 0,
        sweep_interval: span(given.sweep_interval_ms, Some(DEFAULT_INTERVAL)).unwrap_or(Duration::MAX),
        callback_deadline: span(given.callback_deadline_ms, None),
        drain_timeout: span(given.drain_timeout_ms, None),
    })
}

fn shown(options: &Options) -> dispenser_options {
    let ms = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(super::codes::WSRT_INFINITE);
    let flags = [
        (options.auto_reclaim, DISPENSER_AUTO_RECLAIM),
        (options.no_pooling, DISPENSER_NO_POOLING),
        (options.manual_sweep, DISPENSER_MANUAL_SWEEP),
    ];
    dispenser_options {
        cb_size: 0,
        flags: flags.iter().filter(|(is, _)| *is).map(|(_, flag)| flag).sum(),
        max_resources: 0,
        max_waiters: 0,
        wait_timeout_ms: 0,
        sweep_interval_ms: ms(options.sweep_interval),
        max_lifetime_s: 0,
        jitter_percent: 0,
        callback_deadline_ms: options.callback_deadline.map_or(0, ms),
        leak_threshold_ms: 0,
        close_deadline_ms: 0,
        drain_timeout_ms: options.drain_timeout.map_or(0, ms),
        max_creating: 0,
        create_backoff_ms: 0,
        create_backoff_max_ms: 0,
        fail_fast_after: 0,
        fail_fast_ms: 0,
        reserved: 0,
    }
}

/// Makes a resource dispenser: a pool, and the driver that fills it.
///
/// Nothing of the driver is called. The same driver or name may be given again: each call makes a pool of its own.
///
/// @param      driver     in: the driver's table, copied
/// @param      name       in: for people, in the log; NULL is empty
/// @param      options    in: settings, copied; NULL: all defaults
/// @param[out] dispenser  the new dispenser; NULL on failure
/// @retval WSRT_S_OK           made
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_INVALIDARG   driver is NULL, or it or options has a bad cb_size or unknown flags, or there is no
///                             create_resource; name is not UTF-8 or longer than 4,096 bytes; dispenser is NULL
/// @retval WSRT_E_NOTIMPL      options asks for what this version does not offer
/// @retval WSRT_E_OUTOFMEMORY  1,048,576 dispensers live, or the system takes no fork handler
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// user_data passes to the library on success; release(user_data) gives it back when the dispenser is closed. On
/// failure it stays the caller's. The caller owns the dispenser and ends it with dispenser_destroy().
/// @par Threads
/// Any. Unless DISPENSER_MANUAL_SWEEP is set, the first dispenser starts a thread of the library, which ends with the
/// last; it starts others when there is something to destroy.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// IDispenserManager::RegisterDispenser. D-1 to D-5, D-17, D-29.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_create(
    driver: *const dispenser_driver,
    name: *const c_char,
    options: *const dispenser_options,
    dispenser: *mut *mut dispenser,
) -> wsrt_hresult {
    guard("dispenser_create", || {
        let out = required_argument(dispenser, "dispenser")?;
        // SAFETY: the caller passes room for a pointer.
        unsafe { out.write(std::ptr::null_mut()) };
        required_argument(driver.cast_mut(), "driver")?;
        // SAFETY: the caller passes a struct of cb_size bytes.
        let table = unsafe { read(driver, "driver")? };
        if table.create_resource.is_none() {
            return Err(Failure::argument("driver", "create_resource is NULL"));
        }
        // SAFETY: the caller passes NULL or a string.
        let name = unsafe { string(name, "name")? };
        let options = if options.is_null() {
            Options { sweep_interval: DEFAULT_INTERVAL, ..Options::default() }
        } else {
            // SAFETY: the caller passes a struct of cb_size bytes.
            options_of(&unsafe { read(options, "options")? })?
        };
        let handle = DISPENSERS.open(Object::is_vacant, |object, life, handle| {
            object.driver().put(&table);
            object.begin(life, handle, name, options);
            // SAFETY: as above; nothing fails any more, and nobody can have found the dispenser yet.
            unsafe { out.write(handle as usize as *mut _) };
        })?;
        MANAGER.get().enrol(handle);
        if !options.manual_sweep {
            SWEEPER.get().watch(&HOOKS, handle, &options);
        }
        // Another thread may have taken the handle already, and ended it before it was known here.
        if !find_member(handle).is_some_and(|(object, life)| object.is_open(life)) {
            dismiss(handle);
        }
        Ok(WSRT_S_OK)
    })
}

/// Closes a dispenser: destroys its stock and gives the driver back.
///
/// What is in stock is destroyed, what is in use or tracked is forgotten: its user destroys it. From the first moment
/// every other call is WSRT_E_CLOSED, but those that ask for options, figures and the list. Waits up to drain_timeout_ms until no callback of the dispenser runs any more; a
/// call that is in one undoes what it began. The handle stays until dispenser_destroy().
///
/// @param dispenser  in: the dispenser
/// @retval WSRT_S_OK          closed, whatever destroy_resource answered: no callback of it runs or will, release has
///                            run
/// @retval WSRT_S_DEFERRED    closed inside a callback, or drain_timeout_ms ran out, while a callback of it runs; the
///                            last to leave releases
/// @retval WSRT_E_CLOSED      closed already, which proves nothing about calls in flight
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release. Resources in use or tracked are their users'.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// destroy_resource for what is in stock, on this thread, in the order in which one thread gave it back; release, on this
/// thread or on the last that leaves.
/// @par Re-entrancy
/// May be called inside any callback, also one of this dispenser.
/// @par Source
/// IHolder::Close. D-24 to D-28.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_close(dispenser: *mut dispenser) -> wsrt_hresult {
    guard("dispenser_close", || close(dispenser, !is_inside_callback()))
}

/// Closes a dispenser like dispenser_close(), but never waits.
///
/// For finalizers and for threads that a callback may wait for.
///
/// @param dispenser  in: the dispenser
/// @retval WSRT_S_OK          closed, whatever destroy_resource answered: no callback of it runs or will, release has
///                            run
/// @retval WSRT_S_DEFERRED    closed while a callback of it runs; the last to leave releases
/// @retval WSRT_E_CLOSED      closed already, which proves nothing about calls in flight
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release. Resources in use or tracked are their users'.
/// @par Threads
/// Any.
/// @par Callbacks
/// destroy_resource for what is in stock, on this thread, in the order in which one thread gave it back; release, on this
/// thread or on the last that leaves.
/// @par Re-entrancy
/// May be called inside any callback, also one of this dispenser.
/// @par Source
/// Ours. D-24 to D-28.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_close_nowait(dispenser: *mut dispenser) -> wsrt_hresult {
    guard("dispenser_close_nowait", || close(dispenser, false))
}

fn close(dispenser: *mut dispenser, may_wait: bool) -> Result<i32, Failure> {
    let (object, life) = find(dispenser)?;
    let handle = dispenser as usize as u64;
    let closed = object.close(life, may_wait)?;
    dismiss(handle);
    Ok(quiescence(closed))
}

/// Ends a dispenser, and closes it first if it is still open.
///
/// The handle is dead at once, for every thread. Waits like dispenser_close().
///
/// @param dispenser  in: the dispenser; NULL is allowed
/// @retval WSRT_S_OK          ended: no callback of it runs or will, release has run; or inherited by fork(), and
///                            forgotten without any callback
/// @retval WSRT_S_FALSE       dispenser is NULL
/// @retval WSRT_S_DEFERRED    ended inside a callback, or drain_timeout_ms ran out, while a callback of it runs; the
///                            last to leave releases
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser, or another thread is ending it
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release. Resources in use or tracked are their users'.
/// @par Threads
/// Any; not while holding a lock that a callback takes, nor on a thread that a callback waits for.
/// @par Callbacks
/// Those of dispenser_close(), if it is still open.
/// @par Re-entrancy
/// May be called inside any callback, also one of this dispenser.
/// @par Source
/// The last IHolder::Release. D-28.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_destroy(dispenser: *mut dispenser) -> wsrt_hresult {
    guard("dispenser_destroy", || destroy(dispenser, !is_inside_callback()))
}

/// Ends a dispenser like dispenser_destroy(), but never waits.
///
/// For finalizers and for threads that a callback may wait for.
///
/// @param dispenser  in: the dispenser; NULL is allowed
/// @retval WSRT_S_OK          ended: no callback of it runs or will, release has run; or inherited by fork(), and
///                            forgotten without any callback
/// @retval WSRT_S_FALSE       dispenser is NULL
/// @retval WSRT_S_DEFERRED    ended while a callback of it runs; the last to leave releases
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser, or another thread is ending it
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// user_data comes back through release. Resources in use or tracked are their users'.
/// @par Threads
/// Any.
/// @par Callbacks
/// Those of dispenser_close(), if it is still open.
/// @par Re-entrancy
/// May be called inside any callback, also one of this dispenser.
/// @par Source
/// Ours. D-28.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_destroy_nowait(dispenser: *mut dispenser) -> wsrt_hresult {
    guard("dispenser_destroy_nowait", || destroy(dispenser, false))
}

/// Nobody tells it or sweeps it any more.
fn dismiss(handle: u64) {
    SWEEPER.get().forget(handle);
    MANAGER.get().leave(handle);
}

fn destroy(dispenser: *mut dispenser, may_wait: bool) -> Result<i32, Failure> {
    if dispenser.is_null() {
        return Ok(WSRT_S_FALSE);
    }
    let handle = dispenser as usize as u64;
    let ended = DISPENSERS.close(handle, "dispenser", |object, life| object.end(life, may_wait))?;
    dismiss(handle);
    Ok(ended.map_or(WSRT_S_OK, quiescence))
}

/// Destroys what has been idle too long, and writes off overdue callbacks.
///
/// A library thread does this every sweep_interval_ms; with DISPENSER_MANUAL_SWEEP only this function does. Idle time
/// runs from the first sweep that sees a resource free, so nothing goes early. What is enlisted stays.
///
/// @param dispenser  in: the dispenser
/// @param now_ms     in: what time it is, in ms; 0: the system's clock since it was started, time asleep included;
///                   else only with DISPENSER_MANUAL_SWEEP, and not earlier than in the last sweep: do not mix 0
///                   and times of your own
/// @retval WSRT_S_OK          swept
/// @retval WSRT_S_FALSE       not done: called inside a callback
/// @retval WSRT_E_CLOSED      dispenser is closed
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  now_ms is not allowed, or goes back
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any.
/// @par Callbacks
/// destroy_resource, in the order in which one thread gave things back, and report, on this thread.
/// @par Re-entrancy
/// May be called inside any callback, where it does nothing.
/// @par Source
/// COM+ Dispenser Manager. D-14 to D-17.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_sweep(dispenser: *mut dispenser, now_ms: u64) -> wsrt_hresult {
    guard("dispenser_sweep", || {
        let (object, life) = find(dispenser)?;
        if is_inside_callback() {
            return Ok(WSRT_S_FALSE);
        }
        object.sweep(life, (now_ms != 0).then_some(now_ms))?;
        Ok(WSRT_S_OK)
    })
}

/// Tells the settings of a dispenser, with the defaults filled in.
///
/// @param      dispenser  in: the dispenser, open or closed
/// @param[out] options    its cb_size says how much room there is; all 0 on failure but cb_size
/// @retval WSRT_S_OK          told; cb_size says how much is known
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  options is NULL or has a bad cb_size
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_get_options(
    dispenser: *mut dispenser,
    options: *mut dispenser_options,
) -> wsrt_hresult {
    guard("dispenser_get_options", || {
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        unsafe {
            tell(options, "options", || Ok(shown(&find(dispenser).and_then(|(it, life)| Ok(it.options(life)?))?)))
        }
    })
}

/// Fills a struct that a caller gave room for; zeroes first, so that a failure leaves no old figures.
pub(super) unsafe fn tell<T: Versioned>(
    at: *mut T,
    argument: &str,
    ask: impl FnOnce() -> Result<T, Failure>,
) -> Result<i32, Failure> {
    let at = required_argument(at, argument)?;
    // SAFETY: not NULL; the caller vouches for cb_size bytes.
    unsafe { super::versioned::clear(at, argument)? };
    let value = ask()?;
    // SAFETY: as above.
    unsafe { write(at, value, argument)? };
    Ok(WSRT_S_OK)
}
