//! Contexts of threads, and what a transaction number means: D-22, D-30, D-32 to D-34.

use super::scene::*;
use std::thread;

/// Ends a transaction from inside a callback.
fn ends(t: Transaction) -> impl FnOnce(&mut Reply) + Send {
    move |_| assert_eq!(t.commit(), WSRT_S_OK)
}

/// Lets a transaction begin to abort from inside a callback.
fn aborts(t: Transaction) -> impl FnOnce(&mut Reply) + Send {
    move |_| assert_eq!(t.aborting(), WSRT_S_OK)
}

#[test]
fn d_30_a_thread_that_was_told_nothing_runs_for_nobody() {
    assert_eq!(thread::spawn(context).join().unwrap(), (0, 0));
}

#[test]
fn d_30_a_context_is_its_threads_own() {
    let t = Transaction::new("T");
    set_context(5, t.0);
    assert_eq!(thread::spawn(context).join().unwrap(), (0, 0));
    assert_eq!(context(), (5, t.0));
    set_context(0, 0);
    assert_eq!(context(), (0, 0));
}

#[test]
fn d_30_two_threads_may_run_in_one_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    let other = *pool;
    thread::spawn(move || t.run(|| other.stocked(1))).join().unwrap();
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100"]);
}

#[test]
fn a_context_is_that_of_callbacks_too() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, move |_| assert_eq!(context(), (0, t.0)));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
}

#[test]
fn d_22_a_resource_is_in_no_transaction_after_the_end_of_its_own() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.used(1);
    t.commit();
    assert_eq!(pool.resources(), [(10, UU), (20, UU)]);
    assert_eq!(pool.info(10).unwrap().transid, 0);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_32_unknown_numbers_are_ignored() {
    let (pool, object, t) = (enlisted_stock(Transaction::new("T")), Object::new(), Transaction::new("U"));
    assert_eq!((object.end(), t.aborting(), t.commit(), t.abort()), (0, 0, 0, 0));
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), EI);
}

#[test]
fn d_32_repeated_notices_do_no_harm() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    pool.destroy_resource(10);
    assert_eq!((t.commit(), t.commit(), t.abort()), (0, 0, 0));
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_32_0_is_neither_an_object_nor_a_transaction() {
    unsafe {
        assert_eq!(dispenser_instance_ended(0), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_transaction_aborting(0), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_transaction_ended(0, 1), WSRT_E_INVALIDARG);
    }
}

#[test]
fn d_32_an_aborting_notice_about_an_unknown_number_is_forgotten() {
    let (pool, t) = (pool(), Transaction::new("T"));
    assert_eq!(t.aborting(), WSRT_S_OK);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.state(10), EU);
}

#[test]
fn d_33_nothing_is_allocated_in_an_aborting_transaction() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    t.aborting();
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_TX_ABORTING));
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), EI);
}

#[test]
fn d_33_nothing_is_tracked_in_an_aborting_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    set_context(0, t.0);
    t.aborting();
    assert_eq!(pool.track(77), WSRT_E_TX_ABORTING);
    assert_eq!(pool.track_s("a-b"), WSRT_E_TX_ABORTING);
    set_context(0, 0);
    assert_eq!(pool.track_ex(77, 0, t.0), WSRT_E_TX_ABORTING);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.resources(), []);
}

#[test]
fn d_33_what_is_in_an_aborting_transaction_may_be_freed_and_untracked() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    t.run(|| pool.track(77));
    pool.calls();
    t.aborting();
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.untrack(77, false), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
}

#[test]
fn d_33_other_transactions_are_not_affected() {
    let (pool, t, u) = (pool(), Transaction::new("T"), Transaction::new("U"));
    t.run(|| t.aborting());
    assert_eq!(u.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.alloc(1), Ok(20));
}

#[test]
fn d_33_a_transaction_that_aborts_during_create_gets_nothing_and_the_resource_stays() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, aborts(t));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_TX_ABORTING));
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_34_a_transaction_that_ends_during_create_is_none() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, ends(t));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn d_34_a_transaction_that_ends_while_its_stock_is_rated_is_none() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    pool.once(Rate, ends(t));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn d_34_a_transaction_that_ends_while_its_stock_is_refused_leaves_it_to_anyone() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    pool.once(Rate, move |reply| {
        t.commit();
        reply.rating = Some(0);
    });
    assert_eq!(t.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 0", "create 1 -> 20"]);
    assert_eq!(pool.resources(), [(10, UI), (20, UU)]);
}

#[test]
fn d_34_a_transaction_that_ends_while_other_stock_is_rated_enlists_nothing() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.stocked(1);
    pool.once(Rate, ends(t));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=1 -> 100"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn d_34_a_transaction_that_ends_during_enlist_is_none() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, ends(t));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T"]);
    assert_eq!((pool.state(10), pool.info(10).unwrap().transid), (UU, 0));
}

#[test]
fn d_34_a_transaction_that_ends_during_the_enlistment_of_a_track_is_none() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, ends(t));
    assert_eq!(t.run(|| pool.track(77)), WSRT_S_OK);
    assert_eq!(pool.state(77), TU);
}

#[test]
fn d_34_a_transaction_that_ends_during_reset_leaves_the_resource_to_anyone() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.once(Reset, ends(t));
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn d_34_a_transaction_that_ends_during_a_failing_reset_leaves_it_in_use() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    pool.once(Reset, move |reply| {
        t.commit();
        reply.code = WSRT_E_FAIL;
    });
    assert_eq!(pool.free(10), WSRT_E_FAIL);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn an_ended_transaction_is_none_for_threads_that_still_run_in_it() {
    let (pool, t) = (pool(), Transaction::new("T"));
    set_context(5, t.0);
    t.commit();
    assert_eq!(context(), (5, 0));
    assert_eq!(pool.alloc(1), Ok(10));
    set_context(0, 0);
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn the_same_number_later_is_another_transaction() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    t.commit();
    t.run(|| pool.free(10));
    assert_eq!(pool.state(10), UI, "the first one is over");
    pool.calls();
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=1 -> 100", "enlist 10 T"]);
}

#[test]
fn the_same_number_later_is_not_that_of_a_thread_bound_to_the_first() {
    let (pool, t) = (pool(), Transaction::new("T"));
    set_context(0, t.0);
    t.commit();
    let other = *pool;
    thread::spawn(move || t.run(|| other.stocked(1))).join().unwrap();
    assert_eq!(pool.alloc(1), Ok(20), "not in the second transaction");
    assert_eq!(pool.calls(), ["create 1 -> 20"]);
    set_context(0, t.0);
    assert_eq!(pool.alloc(1), Ok(10), "told so again, it is");
    set_context(0, 0);
}

#[test]
fn the_same_number_later_is_not_aborting() {
    let (pool, t) = (pool(), Transaction::new("T"));
    t.run(|| t.aborting());
    t.abort();
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
}
