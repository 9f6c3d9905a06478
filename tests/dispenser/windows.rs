//! What a test that passes on Windows shows of the dispensers there, step by step.

use super::scene::*;

#[test]
fn registering_twice_under_one_name_makes_two_pools_and_calls_nothing() {
    let driver: &'static Driver = Box::leak(Box::default());
    let first = pool_of(driver, &driver.table(&[]), manual());
    let second = pool_of(driver, &driver.table(&[]), manual());
    assert_ne!(first.get(), second.get());
    assert_eq!(driver.calls(), NOTHING);
    assert_eq!(first.destroy(), WSRT_S_OK);
    assert_eq!(second.destroy(), WSRT_S_OK);
    assert_eq!(driver.calls(), ["release", "release"]);
}

#[test]
fn the_first_alloc_creates_and_nothing_else() {
    let pool = pool();
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.calls(), ["create 1 -> 10"]);
}

#[test]
fn a_free_resets_and_nothing_else() {
    let pool = pool();
    let resid = pool.used(1);
    assert_eq!(pool.free(resid), WSRT_S_OK);
    assert_eq!(pool.calls(), ["reset 10"]);
}

#[test]
fn a_close_destroys_the_stock_and_releases() {
    let pool = pool();
    pool.stocked(1);
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10", "release"]);
}

#[test]
fn a_close_is_a_success_though_a_destroy_fails() {
    let pool = pool();
    pool.stocked(1);
    pool.once(Destroy, answer(WSRT_E_FAIL));
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["destroy 10 -> E_FAIL", "release"]);
}

#[test]
fn a_close_of_an_empty_pool_only_releases() {
    let pool = pool();
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["release"]);
}

#[test]
fn the_last_reference_after_a_close_calls_nothing() {
    let pool = pool();
    pool.stocked(1);
    assert_eq!(pool.close(), WSRT_S_OK);
    pool.calls();
    assert_eq!(pool.destroy(), WSRT_S_OK);
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn two_pools_may_have_the_same_ids() {
    let (first, second) = (pool(), pool());
    assert_eq!(first.alloc(1), Ok(10));
    assert_eq!(second.alloc(1), Ok(10));
    assert_eq!(first.free(10), WSRT_S_OK);
    assert_eq!(second.state(10), DISPENSER_RESOURCE_USED_UNENLISTED);
    assert_eq!(second.calls(), ["create 1 -> 10"]);
}

#[test]
fn the_whole_story_in_one() {
    let pool = pool();
    assert_eq!(pool.alloc(1), Ok(10));
    assert_eq!(pool.free(10), WSRT_S_OK);
    assert_eq!(pool.close(), WSRT_S_OK);
    assert_eq!(pool.destroy(), WSRT_S_OK);
    assert_eq!(pool.calls(), ["create 1 -> 10", "reset 10", "destroy 10", "release"]);
}
