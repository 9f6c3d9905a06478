//! Allocating a resource, freeing it, and having it destroyed.

use super::boundary::{Failure, guard, guard_hit, required_argument, zero};
use super::codes::WSRT_S_OK;
use super::driver::{dispenser_resid, dispenser_restypid};
use super::library::wsrt_hresult;
use super::pool::{Object, dispenser, find, manager};
use super::thread::{hit, with_seat};
use crate::core::dispenser::returning::Return;
use crate::core::dispenser::seat::Name;
use crate::core::dispenser::selection::Hit;

/// Allocates a resource of a type: a free one that will do, else a new one.
///
/// Free resources are offered to rate_resource, those in the caller's transaction first, then those in none, each kind
/// by what was freed last; the best is taken, 100 at once. If none is above 0, create_resource makes one. In a
/// transaction (dispenser_set_context()) the resource is enlisted unless it is already.
///
/// @param      dispenser  in: the dispenser
/// @param      restypid   in: the type wanted, not 0; passed on, never followed
/// @param[out] resid      the resource; 0 on failure
/// @retval WSRT_S_OK           allocated
/// @retval WSRT_E_CLOSED       dispenser is closed, or was closed meanwhile: what was created has been destroyed
/// @retval WSRT_E_FAIL         enlist_resource failed, or gave the resource up
/// @retval WSRT_E_FORKED       dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE       dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG   restypid is 0, resid is NULL, or create_resource set an id that is 0 or in use already
/// @retval WSRT_MTXDM_E_ENLISTRESOURCEFAILED  enlist_resource answered that
/// @retval WSRT_E_OUTOFMEMORY  no memory for another resource
/// @retval WSRT_E_OVERDUE      a callback took longer than callback_deadline_ms; what it left has been destroyed
/// @retval WSRT_E_TX_ABORTING  the caller's transaction is aborting
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @retval <0                  what create_resource failed with
/// @par Ownership
/// The resource is the caller's until dispenser_free_resource(), on any thread, or dispenser_destroy_resource().
/// @par Threads
/// Any. Never waits for another thread.
/// @par Callbacks
/// rate_resource, create_resource, enlist_resource, on this thread; destroy_resource for what has to be undone.
/// @par Re-entrancy
/// May be called inside any callback, also of this dispenser.
/// @par Source
/// IHolder::AllocResource; Resource Dispenser Resource Allocation Process. D-1, D-6 to D-14, D-33, D-34, D-41, D-42,
/// D-46, D-48, D-49.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_alloc_resource(
    dispenser: *mut dispenser,
    restypid: dispenser_restypid,
    resid: *mut dispenser_resid,
) -> wsrt_hresult {
    let try_it = || {
        hit(|seat| {
            let spot = seat.spot(dispenser as usize as u64).filter(|_| !resid.is_null()).ok_or(None)?;
            match spot.alloc_at_once(restypid, seat) {
                Hit::Taken(found) => {
                    // SAFETY: not NULL; the caller passes room for an id.
                    unsafe { resid.write(found) };
                    Ok(())
                }
                missed => Err(Some((spot.pool, spot.name, missed))),
            }
        })
    };
    guard_hit("dispenser_alloc_resource", try_it, |missed| {
        // SAFETY: the caller passes room for an id, or NULL.
        unsafe { zero(resid) };
        let (object, name, missed) = match missed {
            Some(begun) => begun,
            None => find_named(dispenser).map(|(object, name)| (object, name, Hit::Missed))?,
        };
        let resid = required_argument(resid, "resid")?;
        let manager = manager()?;
        let found = with_seat(|seat| object.alloc_after(missed, name, restypid, seat, manager))?;
        // SAFETY: as above.
        unsafe { resid.write(found) };
        Ok(WSRT_S_OK)
    })
}

/// Gives an allocated resource back.
///
/// reset_resource runs before the resource is in stock again. What is enlisted stays in stock for its transaction alone
/// until that ends. With DISPENSER_NO_POOLING the resource is destroyed instead, at the end of its transaction if it is
/// in one.
///
/// @param dispenser  in: the dispenser
/// @param resid      in: the resource, allocated by whomever
/// @retval WSRT_S_OK          back in stock; or with DISPENSER_NO_POOLING, or as dispenser was closed meanwhile, given to
///                            destroy_resource, whatever that answered
/// @retval WSRT_E_CLOSED      dispenser is closed: the resource is the caller's to destroy
/// @retval WSRT_E_FAIL        reset_resource failed: the resource is still allocated; or it gave the resource up
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  resid is 0, or names no resource of this dispenser that is in use
/// @retval WSRT_E_OVERDUE     a callback took longer than callback_deadline_ms; the resource has been destroyed
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// The resource is the dispenser's again.
/// @par Threads
/// Any, also another than the one that allocated.
/// @par Callbacks
/// reset_resource, on this thread; destroy_resource for what cannot be kept.
/// @par Re-entrancy
/// May be called inside any callback, also of this dispenser.
/// @par Source
/// IHolder::FreeResource. D-19 to D-22, D-50.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_free_resource(dispenser: *mut dispenser, resid: dispenser_resid) -> wsrt_hresult {
    let try_it = || {
        hit(|seat| {
            let spot = seat.spot(dispenser as usize as u64).ok_or(None)?;
            match spot.free_at_once(resid, seat) {
                Return::InStock => Ok(()),
                missed => Err(Some((spot.pool, spot.name, missed))),
            }
        })
    };
    guard_hit("dispenser_free_resource", try_it, |missed| {
        let (object, name, missed) = match missed {
            Some(begun) => begun,
            None => find_named(dispenser).map(|(object, name)| (object, name, Return::Missed))?,
        };
        with_seat(|seat| object.free_after(missed, name, resid, seat))?;
        Ok(WSRT_S_OK)
    })
}

/// Takes a resource out of the pool and has it destroyed.
///
/// For example because it was found broken. One that is free or in use, and in no transaction, is destroyed now. One that is enlisted is out of circulation at
/// once and destroyed when its transaction ends. One that is in a callback is destroyed when that returns.
///
/// @param dispenser  in: the dispenser
/// @param resid      in: the resource, free or in use; whoever asks gives it up for its user, too
/// @retval WSRT_S_OK          destroyed, or out of circulation and destroyed later
/// @retval WSRT_E_CLOSED      dispenser is closed
/// @retval WSRT_E_FAIL        destroy_resource failed: the resource is as before
/// @retval WSRT_E_FORKED      dispenser was inherited by fork()
/// @retval WSRT_E_HANDLE      dispenser is not the name of a live dispenser
/// @retval WSRT_E_INVALIDARG  resid is 0, or names no resource of this dispenser that is free or in use
/// @retval WSRT_E_NOTIMPL     the driver has no destroy_resource, or it answered that: the resource is as before
/// @retval WSRT_E_OVERDUE     destroy_resource took longer than callback_deadline_ms
/// @retval WSRT_E_UNEXPECTED  a fault inside the library
/// @par Ownership
/// After success nobody may use or free the resource.
/// @par Threads
/// Any.
/// @par Callbacks
/// destroy_resource, on this thread or on the one that ends the transaction.
/// @par Re-entrancy
/// May be called inside any callback, also of this dispenser and for the resource that it is about.
/// @par Source
/// IHolder::RequestDestroyResource. D-23, D-40.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_destroy_resource(dispenser: *mut dispenser, resid: dispenser_resid) -> wsrt_hresult {
    guard("dispenser_destroy_resource", || {
        let (object, life) = find(dispenser)?;
        object.request_destroy(life, resid)?;
        Ok(WSRT_S_OK)
    })
}

fn find_named(dispenser: *mut dispenser) -> Result<(&'static Object, Name), Failure> {
    let (object, life) = find(dispenser)?;
    Ok((object, Name { handle: dispenser as usize as u64, life }))
}
