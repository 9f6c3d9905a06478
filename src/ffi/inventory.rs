//! What can be asked about a dispenser and its resources.

use super::boundary::{Failure, guard};
use super::codes::*;
use super::driver::{dispenser_instid, dispenser_resid, dispenser_restypid, dispenser_transid};
use super::foreign::Origin;
use super::library::wsrt_hresult;
use super::pool::{dispenser, find, tell};
use super::resource::{stop, visited};
use super::text::c_string;
use super::versioned::Versioned;
use crate::core::dispenser::facts::{Info, Standing, Stats};
use std::ffi::{c_char, c_void};
use std::mem::size_of;

/// Figures of a dispenser. DISPENSER_STATS_INIT sets cb_size.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dispenser_stats {
    /// sizeof(dispenser_stats)
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// DISPENSER_OPEN or DISPENSER_CLOSED
    pub state: u32,
    /// Resources in stock, in no transaction.
    pub free_unenlisted: u32,
    /// Resources in stock for their transactions only.
    pub free_enlisted: u32,
    /// Resources allocated, in no transaction; being reset counts.
    pub used_unenlisted: u32,
    /// Resources allocated and enlisted; being reset counts.
    pub used_enlisted: u32,
    /// Resources tracked.
    pub tracked: u32,
    /// Resources given up that are destroyed when their transaction ends.
    pub awaiting_transaction: u32,
    /// Calls of create_resource that run.
    pub creating: u32,
    /// Calls of destroy_resource that run.
    pub destroying: u32,
    /// Callbacks written off that have not returned.
    pub written_off: u32,
    /// 0 in this version: nobody waits.
    pub waiting: u32,
    /// The most resources in use at once, as seen now and then while there came to be more, and
    /// when this was asked.
    pub peak_used: u32,
    /// 0 in this version.
    pub peak_waiting: u32,
    /// 0
    pub reserved: u32,
    /// What create_resource answered last.
    pub last_create_result: wsrt_hresult,
    /// 0
    pub reserved2: u32,
    /// Resources handed out.
    pub allocs: u64,
    /// Resources that came back, also by DISPENSER_AUTO_RECLAIM.
    pub frees: u64,
    /// Resources created.
    pub creates: u64,
    /// Calls of create_resource that failed, or whose id was not taken.
    pub create_failures: u64,
    /// Resources destroyed.
    pub destroys: u64,
    /// Calls of destroy_resource and destroy_resource_s that failed.
    pub destroy_failures: u64,
    /// Calls of reset_resource that failed.
    pub reset_failures: u64,
    /// Calls of enlist_resource for a transaction that failed.
    pub enlist_failures: u64,
    /// 0 in this version.
    pub waits: u64,
    /// 0 in this version.
    pub wait_timeouts: u64,
    /// 0 in this version.
    pub wait_total_us: u64,
    /// 0 in this version.
    pub wait_max_us: u64,
    /// How long the resource that is in use longest has been so, in ms, as sweeps saw it.
    pub longest_hold_ms: u64,
    /// Who allocated that one: the system's number of the thread.
    pub longest_hold_thread: u64,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for dispenser_stats {
    const FIRST: usize = 184;
    const FLAGS: u32 = 0;
}

/// A resource as it was at one moment. DISPENSER_RESOURCE_INFO_INIT sets cb_size where you ask for one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct dispenser_resource_info {
    /// sizeof(dispenser_resource_info)
    pub cb_size: u32,
    /// 0
    pub flags: u32,
    /// DISPENSER_RESOURCE_*
    pub state: u32,
    /// How long it may be idle, in seconds; negative: for ever.
    pub secs_free_before_destroy: i32,
    /// Since when it is there, in ms.
    pub age_ms: u64,
    /// How long it has been in that state, in ms, as sweeps saw it; 0 before the first that did. The end of a
    /// transaction does not start it anew.
    pub state_age_ms: u64,
    /// How often it has been allocated.
    pub uses: u64,
    /// Who allocated or tracked it last: the system's number of the thread.
    pub thread_id: u64,
    /// The resource; 0 if a string names it, or while it is being created.
    pub resid: dispenser_resid,
    /// The type that it was last allocated for; 0 for a tracked one.
    pub restypid: dispenser_restypid,
    /// The object that has it; 0: none.
    pub instid: dispenser_instid,
    /// The transaction that it is enlisted in; 0: none.
    pub transid: dispenser_transid,
    /// 0 in this version.
    pub holder_tag: usize,
    /// The string that names a tracked resource, in a callback only; else NULL.
    pub sresid: *const c_char,
}

// SAFETY: repr(C), begins with cb_size and flags, no padding (tests/abi), zero is valid throughout.
unsafe impl Versioned for dispenser_resource_info {
    const FIRST: usize = 96;
    const FLAGS: u32 = 0;
}

/// Sees resources one by one; WSRT_S_OK goes on, WSRT_S_FALSE and failures stop.
pub type dispenser_resource_visitor =
    Option<unsafe extern "C" fn(user_data: *mut c_void, info: *const dispenser_resource_info) -> wsrt_hresult>;

const fn state(standing: Standing) -> u32 {
    match standing {
        Standing::FreeUnenlisted => DISPENSER_RESOURCE_FREE_UNENLISTED,
        Standing::FreeEnlisted => DISPENSER_RESOURCE_FREE_ENLISTED,
        Standing::UsedUnenlisted => DISPENSER_RESOURCE_USED_UNENLISTED,
        Standing::UsedEnlisted => DISPENSER_RESOURCE_USED_ENLISTED,
        Standing::Tracked => DISPENSER_RESOURCE_TRACKED,
        Standing::TrackedEnlisted => DISPENSER_RESOURCE_TRACKED_ENLISTED,
        Standing::AwaitingTransaction => DISPENSER_RESOURCE_AWAITING_TRANSACTION,
        Standing::Creating => DISPENSER_RESOURCE_CREATING,
        Standing::Rating => DISPENSER_RESOURCE_RATING,
        Standing::Enlisting => DISPENSER_RESOURCE_ENLISTING,
        Standing::Resetting => DISPENSER_RESOURCE_RESETTING,
        Standing::Destroying => DISPENSER_RESOURCE_DESTROYING,
        Standing::WrittenOff => DISPENSER_RESOURCE_WRITTEN_OFF,
    }
}

fn shown(info: &Info, sresid: *const c_char) -> dispenser_resource_info {
    dispenser_resource_info {
        cb_size: size_of::<dispenser_resource_info>() as u32,
        flags: 0,
        state: state(info.standing),
        secs_free_before_destroy: info.secs_free_before_destroy,
        age_ms: info.age_ms,
        state_age_ms: info.standing_age_ms,
        uses: info.uses,
        thread_id: info.thread,
        resid: info.resid,
        restypid: info.restypid,
        instid: info.instid,
        transid: info.transid,
        holder_tag: 0,
        sresid,
    }
}

/// Shows a resource to a callback; the struct and its string live through it.
pub(super) fn with_info<R>(info: &Info, show: impl FnOnce(*const dispenser_resource_info) -> R) -> R {
    let sresid = info.sresid.as_deref().map(c_string);
    show(&shown(info, sresid.as_ref().map_or(std::ptr::null(), |it| it.as_ptr())))
}

fn figures(stats: &Stats) -> dispenser_stats {
    dispenser_stats {
        cb_size: 0,
        flags: 0,
        state: if stats.closed { DISPENSER_CLOSED } else { DISPENSER_OPEN },
        free_unenlisted: stats.free_unenlisted,
        free_enlisted: stats.free_enlisted,
        used_unenlisted: stats.used_unenlisted,
        used_enlisted: stats.used_enlisted,
        tracked: stats.tracked,
        awaiting_transaction: stats.awaiting_transaction,
        creating: stats.creating,
        destroying: stats.destroying,
        written_off: stats.written_off,
        waiting: 0,
        peak_used: stats.peak_used,
        peak_waiting: 0,
        reserved: 0,
        last_create_result: stats.last_create_result,
        reserved2: 0,
        allocs: stats.allocs,
        frees: stats.frees,
        creates: stats.creates,
        create_failures: stats.create_failures,
        destroys: stats.destroys,
        destroy_failures: stats.destroy_failures,
        reset_failures: stats.reset_failures,
        enlist_failures: stats.enlist_failures,
        waits: 0,
        wait_timeouts: 0,
        wait_total_us: 0,
        wait_max_us: 0,
        longest_hold_ms: stats.longest_hold_ms,
        longest_hold_thread: stats.longest_hold_thread,
    }
}

/// Tells the figures of a dispenser.
///
/// @param      dispenser  in: the dispenser, open or closed
/// @param[out] stats      its cb_size says how much room there is; all 0 on failure but cb_size
/// @retval WSRT_S_OK          told; cb_size says how much is known
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  stats is NULL or has a bad cb_size
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any. Looks at every resource while others go on: the figures of one call may be of moments that lie apart.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_get_stats(dispenser: *mut dispenser, stats: *mut dispenser_stats) -> wsrt_hresult {
    guard("dispenser_get_stats", || {
        let ask = || {
            let (object, life) = find(dispenser)?;
            Ok(figures(&object.stats(life)?))
        };
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        unsafe { tell(stats, "stats", ask) }
    })
}

/// Tells about one resource.
///
/// @param      dispenser  in: the dispenser
/// @param      resid      in: the resource, pooled or tracked
/// @param[out] info       its cb_size says how much room there is; all 0 on failure but cb_size
/// @retval WSRT_S_OK          told; cb_size says how much is known
/// @retval WSRT_E_CLOSED      dispenser is closed
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  resid is 0 or names no resource of this dispenser; info is NULL or has a bad cb_size
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
pub unsafe extern "C" fn dispenser_get_resource_info(
    dispenser: *mut dispenser,
    resid: dispenser_resid,
    info: *mut dispenser_resource_info,
) -> wsrt_hresult {
    guard("dispenser_get_resource_info", || {
        let ask = || {
            let (object, life) = find(dispenser)?;
            Ok(shown(&object.info(life, resid)?, std::ptr::null()))
        };
        // SAFETY: the caller passes NULL or a struct of cb_size bytes.
        unsafe { tell(info, "info", ask) }
    })
}

/// Shows every resource of a dispenser, oldest first.
///
/// From one snapshot: each resource at most once, none that was made after the call began.
///
/// @param dispenser  in: the dispenser, open or closed
/// @param visitor    in: called for each
/// @param user_data  in: passed to visitor; stays the caller's
/// @retval WSRT_S_OK           all were shown
/// @retval WSRT_S_FALSE        visitor stopped with WSRT_S_FALSE
/// @retval WSRT_E_FORKED       dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG   visitor is NULL
/// @retval WSRT_E_OUTOFMEMORY  no memory for the snapshot
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what visitor stopped with
/// @par Ownership
/// Info and its string are the library's and valid during the call of visitor.
/// @par Threads
/// Any.
/// @par Callbacks
/// visitor, on this thread, with no lock held.
/// @par Re-entrancy
/// May be called inside any callback; visitor may call everything.
/// @par Source
/// Ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_enum_resources(
    dispenser: *mut dispenser,
    visitor: dispenser_resource_visitor,
    user_data: *mut c_void,
) -> wsrt_hresult {
    guard("dispenser_enum_resources", || {
        let (object, life) = find(dispenser)?;
        let visitor = visitor.ok_or_else(|| Failure::argument("visitor", "is NULL"))?;
        let origin = Origin::here();
        let show = |info: &Info| {
            // SAFETY: the caller vouches for the function; info lives through the call.
            let call = || with_info(info, |info| unsafe { visitor(user_data, info) });
            stop(origin.ask(None, call))
        };
        visited(object.visit(life, show)?)
    })
}
