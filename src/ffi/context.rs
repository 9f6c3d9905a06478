//! For which object, and in which transaction, a thread runs; and the notices that one of them has ended.

use super::boundary::{Failure, guard, required_argument, zero};
use super::codes::WSRT_S_OK;
use super::driver::{dispenser_instid, dispenser_transid};
use super::library::wsrt_hresult;
use super::pool::{find_member, manager};
use super::thread::with_seat;

/// Tells for which object, and in which transaction, the calling thread runs.
///
/// @param[out] instid   the object; 0: none
/// @param[out] transid  the transaction; 0: none, or it has ended
/// @retval WSRT_S_OK           told
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_INVALIDARG   instid or transid is NULL
/// @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// Numbers only: nothing changes hands.
/// @par Threads
/// Any; each has a context of its own.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback, where it tells what the thread was set to.
/// @par Source
/// IDispenserManager::GetContext. D-1, D-30, D-31.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_get_context(
    instid: *mut dispenser_instid,
    transid: *mut dispenser_transid,
) -> wsrt_hresult {
    guard("dispenser_get_context", || {
        // SAFETY: the caller passes room for a number each, or NULL.
        unsafe {
            zero(instid);
            zero(transid);
        }
        let instid = required_argument(instid, "instid")?;
        let transid = required_argument(transid, "transid")?;
        let manager = manager()?;
        let (object, transaction) = with_seat(|seat| manager.context(seat));
        // SAFETY: as above.
        unsafe {
            instid.write(object);
            transid.write(transaction);
        }
        Ok(WSRT_S_OK)
    })
}

/// Sets for which object and in which transaction the calling thread runs.
///
/// What it allocates or tracks belongs to that object and is enlisted in that transaction. A transaction begins when it
/// is first named and must be ended by dispenser_transaction_ended(); the same number later is another one.
///
/// @param instid   in: the object; 0: none
/// @param transid  in: the transaction; 0: none
/// @retval WSRT_S_OK           set
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_OUTOFMEMORY  no memory for another transaction, or the system takes no fork handler; the context
///                             is as before
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// Numbers only: nothing changes hands.
/// @par Threads
/// Any; each has a context of its own, which ends with it.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback, and stays set when that returns.
/// @par Source
/// Ours; stands for the context of COM+. D-32.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_set_context(instid: dispenser_instid, transid: dispenser_transid) -> wsrt_hresult {
    guard("dispenser_set_context", || {
        let manager = manager()?;
        with_seat(|seat| manager.set_context(seat, instid, transid))?;
        Ok(WSRT_S_OK)
    })
}

/// Says that an object has ended.
///
/// Every dispenser gives up what it tracks for it; those with DISPENSER_AUTO_RECLAIM take back what was allocated for it.
/// What cannot be reset is destroyed. An object that nothing is known of is no error.
///
/// @param instid  in: the object; not 0
/// @retval WSRT_S_OK           done, whatever the callbacks answered
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_INVALIDARG   instid is 0
/// @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// What the object held is its dispensers' again.
/// @par Threads
/// Any; not beside calls of that object.
/// @par Callbacks
/// reset_resource, destroy_resource and destroy_resource_s, on this thread: dispensers in order of creation, resources in
/// order of allocation.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Automatic Resource Reclamation. D-19, D-32, D-43, D-44.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_instance_ended(instid: dispenser_instid) -> wsrt_hresult {
    guard("dispenser_instance_ended", || {
        named(instid, "instid")?;
        let manager = manager()?;
        with_seat(|seat| manager.instance_ended(instid, seat, find_member));
        Ok(WSRT_S_OK)
    })
}

/// Says that a transaction is aborting: nothing more is begun in it.
///
/// A transaction that nothing is known of is no error.
///
/// @param transid  in: the transaction; not 0
/// @retval WSRT_S_OK           done
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_INVALIDARG   transid is 0
/// @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any.
/// @par Callbacks
/// None.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// IHolder::AllocResource, on E_FAIL. D-32, D-33.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_transaction_aborting(transid: dispenser_transid) -> wsrt_hresult {
    guard("dispenser_transaction_aborting", || {
        named(transid, "transid")?;
        manager()?.transaction_aborting(transid);
        Ok(WSRT_S_OK)
    })
}

/// Says that a transaction has ended: what was enlisted in it is free of it.
///
/// What is in stock is anyone's again; what is in use stays in use; what waited for the end is destroyed. No
/// enlist_resource is called. Call it when
/// the work of the transaction has been committed or rolled back on every resource. Threads still set to it run in no
/// transaction. A transaction that nothing is known of is no error.
///
/// @param transid    in: the transaction; not 0
/// @param committed  in: not 0: committed, 0: aborted; makes no difference to the pool
/// @retval WSRT_S_OK           done, whatever the callbacks answered
/// @retval WSRT_E_FAIL         the system gives no random numbers
/// @retval WSRT_E_INVALIDARG   transid is 0
/// @retval WSRT_E_OUTOFMEMORY  the system takes no fork handler
/// @retval WSRT_E_UNEXPECTED   a fault inside the library
/// @par Ownership
/// Nothing changes hands.
/// @par Threads
/// Any.
/// @par Callbacks
/// destroy_resource for what waited, on this thread: dispensers in order of creation, resources in order of allocation.
/// @par Re-entrancy
/// May be called inside any callback.
/// @par Source
/// Enlisting a Resource in a Transaction. D-22, D-23, D-32, D-34.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dispenser_transaction_ended(transid: dispenser_transid, committed: i32) -> wsrt_hresult {
    guard("dispenser_transaction_ended", || {
        let _ = committed;
        named(transid, "transid")?;
        manager()?.transaction_ended(transid, find_member);
        Ok(WSRT_S_OK)
    })
}

/// A number that has to name something.
fn named(number: usize, argument: &str) -> Result<(), Failure> {
    if number == 0 { Err(Failure::argument(argument, "is 0, which names nothing")) } else { Ok(()) }
}
