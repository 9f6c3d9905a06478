//! The state table, a row a test, from row 1 to 13: how resources come into use, and back into stock. Row 4, stock that
//! is built in advance, is not offered.

use super::scene::*;

#[test]
fn row_01_an_alloc_outside_transactions_creates() {
    let pool = pool();
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn row_01_to_03_may_be_preceded_by_ratings_of_0() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.stocked(1);
    pool.always(Rate, rate(0));
    assert_eq!(pool.alloc(2), Ok(20));
    assert_eq!(t.run(|| pool.alloc(3)), Ok(30));
    let calls =
        ["rate 2 10 enlist=0 -> 0", "create 2 -> 20", "rate 3 10 enlist=1 -> 0", "create 3 -> 30", "enlist 30 T"];
    assert_eq!(pool.calls(), calls);
    assert_eq!(pool.resources(), [(10, UI), (20, UU), (30, EU)]);
}

#[test]
fn row_02_an_alloc_in_a_transaction_creates_and_enlists() {
    let (pool, t) = (pool(), Transaction::new("T"));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T"]);
    assert_eq!(pool.state(10), EU);
}

#[test]
fn row_03_a_new_resource_may_decline_the_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_S_FALSE));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10", "enlist 10 T -> S_FALSE"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn row_05_free_stock_is_rated_and_taken() {
    let pool = pool();
    pool.stocked(1);
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn row_06_free_stock_is_enlisted_for_a_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.stocked(1);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=1 -> 100", "enlist 10 T"]);
    assert_eq!(pool.state(10), EU);
}

#[test]
fn row_07_free_stock_may_decline_the_transaction() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.stocked(1);
    pool.once(Enlist, answer(WSRT_S_FALSE));
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=1 -> 100", "enlist 10 T -> S_FALSE"]);
    assert_eq!(pool.state(10), UU);
}

#[test]
fn row_08_enlisted_stock_serves_its_transaction_without_another_enlistment() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    assert_eq!(t.run(|| pool.alloc(1)), Ok(10));
    assert_eq!(pool.calls(), ["rate 1 10 enlist=0 -> 100"]);
    assert_eq!(pool.state(10), EU);
}

#[test]
fn row_09_enlisted_stock_is_not_offered_to_another_transaction() {
    let (t, u) = (Transaction::new("T"), Transaction::new("U"));
    let pool = enlisted_stock(t);
    assert_eq!(u.run(|| pool.alloc(1)), Ok(20));
    assert_eq!(pool.calls(), ["create 1 -> 20", "enlist 20 U"]);
    assert_eq!(pool.state(10), EI);
}

#[test]
fn row_09_enlisted_stock_is_not_offered_outside_transactions() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["create 1 -> 20"]);
    assert_eq!(pool.state(10), EI);
}

#[test]
fn row_10_a_free_resets_and_stocks() {
    let pool = pool();
    pool.used(1);
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
    assert_eq!(pool.state(10), UI);
}

#[test]
fn row_11_a_free_in_a_transaction_stocks_for_that_transaction() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    assert_eq!(t.run(|| pool.free(10)), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
    assert_eq!(pool.state(10), EI);
    assert_eq!(pool.info(10).unwrap().transid, t.0);
}

#[test]
fn row_12_enlisted_stock_is_anyones_after_a_commit() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UI);
    assert_eq!(pool.alloc(1), Ok(10));
}

#[test]
fn row_12_enlisted_stock_is_anyones_after_an_abort() {
    let t = Transaction::new("T");
    let pool = enlisted_stock(t);
    assert_eq!(t.abort(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UI);
    assert_eq!(pool.alloc(1), Ok(10));
}

#[test]
fn row_13_what_is_in_use_when_its_transaction_ends_stays_in_use() {
    let t = Transaction::new("T");
    let pool = enlisted_use(t);
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.state(10), UU);
    assert_eq!(pool.info(10).unwrap().transid, 0);
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.state(10), UI);
}
