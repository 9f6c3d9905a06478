//! Watching resources that are not pooled.

use super::boundary::guard;
use super::codes::WSRT_S_OK;
use super::driver::{dispenser_instid, dispenser_resid, dispenser_transid};
use super::library::wsrt_hresult;
use super::pool::{dispenser, find, manager};
use super::text::string;
use super::thread::with_seat;
use std::ffi::c_char;

/// Watches a resource made elsewhere, for the object that now runs.
///
/// It never comes into stock. It is destroyed when its object ends (dispenser_instance_ended()) or when it is untracked
/// so, but not before its transaction has ended. In a transaction it is enlisted.
///
/// @param dispenser  in: the dispenser
/// @param resid      in: the resource; not 0, and none that the dispenser knows
/// @retval WSRT_S_OK           tracked
/// @retval WSRT_E_CLOSED       dispenser is closed, or was closed meanwhile: not tracked
/// @retval WSRT_E_FAIL         enlist_resource failed: not tracked
/// @retval WSRT_E_FORKED       dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG   resid is 0, or known to the dispenser already
/// @retval WSRT_E_OUTOFMEMORY  no memory for another resource
/// @retval WSRT_E_OVERDUE      enlist_resource took longer than callback_deadline_ms: not tracked
/// @retval WSRT_E_TX_ABORTING  the caller's transaction is aborting: not tracked
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// The dispenser destroys the resource, unless it is untracked without that or the dispenser is closed first.
/// @par Threads
/// Any.
/// @par Callbacks
/// enlist_resource, on this thread.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// IHolder::TrackResource; Tracking Non-Allocated Resources. D-33, D-35.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_track_resource(dispenser: *mut dispenser, resid: dispenser_resid) -> wsrt_hresult {
    guard("dispenser_track_resource", || {
        let (object, life) = find(dispenser)?;
        let manager = manager()?;
        with_seat(|seat| object.track(life, resid, seat, manager, None))?;
        Ok(WSRT_S_OK)
    })
}

/// Watches a resource for an object and a transaction that are named.
///
/// @param dispenser  in: the dispenser
/// @param resid      in: the resource; not 0, and none that the dispenser knows
/// @param instid     in: the object; 0: none, then only an untrack or a close ends the watch
/// @param transid    in: the transaction; 0: none
/// @retval WSRT_S_OK           tracked
/// @retval WSRT_E_CLOSED       dispenser is closed, or was closed meanwhile: not tracked
/// @retval WSRT_E_FAIL         enlist_resource failed: not tracked
/// @retval WSRT_E_FORKED       dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG   resid is 0, or known to the dispenser already
/// @retval WSRT_E_OUTOFMEMORY  no memory for another resource or transaction
/// @retval WSRT_E_OVERDUE      enlist_resource took longer than callback_deadline_ms: not tracked
/// @retval WSRT_E_TX_ABORTING  the transaction is aborting: not tracked
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// The dispenser destroys the resource, unless it is untracked without that or the dispenser is closed first.
/// @par Threads
/// Any.
/// @par Callbacks
/// enlist_resource, on this thread.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Ours, after IHolder::TrackResource. D-33, D-35.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_track_resource_ex(
    dispenser: *mut dispenser,
    resid: dispenser_resid,
    instid: dispenser_instid,
    transid: dispenser_transid,
) -> wsrt_hresult {
    guard("dispenser_track_resource_ex", || {
        let (object, life) = find(dispenser)?;
        let manager = manager()?;
        with_seat(|seat| object.track(life, resid, seat, manager, Some((instid, transid))))?;
        Ok(WSRT_S_OK)
    })
}

/// Watches a resource that a string describes, for the object that now runs.
///
/// Strings are compared byte by byte and never enlisted.
///
/// @param dispenser  in: the dispenser
/// @param sresid     in: the resource, copied; not empty, and none that the dispenser knows
/// @retval WSRT_S_OK           tracked
/// @retval WSRT_E_CLOSED       dispenser is closed: not tracked
/// @retval WSRT_E_FORKED       dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG   sresid is NULL, empty, not UTF-8, longer than 4,096 bytes, or known to the dispenser
/// @retval WSRT_E_OUTOFMEMORY  no memory for another resource
/// @retval WSRT_E_TX_ABORTING  the caller's transaction is aborting: not tracked
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// The caller keeps sresid; destroy_resource_s is given the dispenser's copy.
/// @par Threads
/// Any.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// IHolder::TrackResourceS. D-36, D-37.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_track_resource_s(dispenser: *mut dispenser, sresid: *const c_char) -> wsrt_hresult {
    guard("dispenser_track_resource_s", || {
        let (object, life) = find(dispenser)?;
        // SAFETY: the caller passes NULL or a string.
        let sresid = unsafe { string(sresid, "sresid")? };
        let manager = manager()?;
        with_seat(|seat| object.track_s(life, sresid, seat, manager))?;
        Ok(WSRT_S_OK)
    })
}

/// Ends the watch over a resource, and destroys it if that is asked for.
///
/// @param dispenser  in: the dispenser
/// @param resid      in: the resource
/// @param destroy    in: not 0: destroy_resource is called, now or when its transaction ends; 0: the caller destroys it
/// @retval WSRT_S_OK          not tracked any more
/// @retval WSRT_E_CLOSED      dispenser is closed
/// @retval WSRT_E_FAIL        destroy_resource failed; the resource is not tracked any more all the same
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  resid is 0, or names no tracked resource
/// @retval WSRT_E_OVERDUE     destroy_resource took longer than callback_deadline_ms
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// With destroy 0 the resource is the caller's.
/// @par Threads
/// Any.
/// @par Callbacks
/// destroy_resource, on this thread or on the one that ends the transaction.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// IHolder::UntrackResource. D-38 to D-40.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_untrack_resource(
    dispenser: *mut dispenser,
    resid: dispenser_resid,
    destroy: i32,
) -> wsrt_hresult {
    guard("dispenser_untrack_resource", || {
        let (object, life) = find(dispenser)?;
        object.untrack(life, resid, destroy != 0)?;
        Ok(WSRT_S_OK)
    })
}

/// Ends the watch over a resource that a string describes.
///
/// @param dispenser  in: the dispenser
/// @param sresid     in: the resource
/// @param destroy    in: not 0: destroy_resource_s is called; 0: the caller destroys it
/// @retval WSRT_S_OK          not tracked any more
/// @retval WSRT_E_CLOSED      dispenser is closed
/// @retval WSRT_E_FAIL        destroy_resource_s failed; the resource is not tracked any more all the same
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  sresid is NULL, empty, not UTF-8 or longer than 4,096 bytes, or names no tracked resource
/// @retval WSRT_E_OVERDUE     destroy_resource_s took longer than callback_deadline_ms
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// With destroy 0 the resource is the caller's.
/// @par Threads
/// Any.
/// @par Callbacks
/// destroy_resource_s, on this thread.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// IHolder::UntrackResourceS. D-37, D-39, D-40.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_untrack_resource_s(
    dispenser: *mut dispenser,
    sresid: *const c_char,
    destroy: i32,
) -> wsrt_hresult {
    guard("dispenser_untrack_resource_s", || {
        let (object, life) = find(dispenser)?;
        // SAFETY: the caller passes NULL or a string.
        let sresid = unsafe { string(sresid, "sresid")? };
        object.untrack_s(life, sresid, destroy != 0)?;
        Ok(WSRT_S_OK)
    })
}
