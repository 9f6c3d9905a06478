//! Where two decisions meet: what is in one state while something else happens that the state table does not show.
use super::scene::*;
use std::thread;

fn no_pooling() -> dispenser_options {
    dispenser_options { flags: DISPENSER_MANUAL_SWEEP | DISPENSER_NO_POOLING, ..manual() }
}

#[test]
fn d_50_without_pooling_nothing_that_failed_to_enlist_is_stocked() {
    let (pool, t) = (pool_with(no_pooling(), &[]), Transaction::new("T"));
    pool.once(Enlist, answer(WSRT_E_FAIL));
    assert_eq!(t.run(|| pool.alloc(1)), Err(WSRT_E_FAIL));
    pool.calls();
    assert_eq!(pool.alloc(1), Ok(20), "an alloc always creates");
}

/// D-15: the clock of enlisted stock runs from its free; only the destruction waits for the transaction.
#[test]
fn d_15_the_clock_of_enlisted_stock_runs_from_its_free() {
    let (pool, t) = (pool(), Transaction::new("T"));
    pool.once(Create, secs(5));
    t.run(|| pool.stocked(1));
    pool.sweep(1_000);
    pool.sweep(6_000);
    assert_eq!(pool.calls(), NOTHING);
    t.commit();
    pool.sweep(6_001);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_16_being_rated_and_refused_is_no_use() {
    let pool = pool();
    pool.once(Create, secs(5));
    pool.stocked(1);
    pool.sweep(1_000);
    pool.once(Rate, rate(0));
    assert_eq!(pool.alloc(2), Ok(20));
    pool.calls();
    pool.sweep(6_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn the_best_so_far_is_not_written_off_while_the_rating_of_another_hangs() {
    let pool = pool_with(dispenser_options { callback_deadline_ms: 1_000, ..manual() }, &[]);
    pool.used(1);
    pool.used(1);
    pool.free(10);
    pool.free(20);
    pool.calls();
    pool.once(Rate, rate(50));
    let (gate, held) = (pool.hold(Rate, |_| {}), *pool);
    let caller = thread::spawn(move || held.alloc(1));
    gate.entered();
    pool.sweep(10_000);
    pool.sweep(11_000);
    let reports = pool.calls();
    gate.open();
    let _ = caller.join().unwrap();
    assert_eq!(reports, ["rate 1 20 enlist=0 -> 50", "rate 1 10 enlist=0", "report written_off 10"]);
    assert_eq!(pool.state(20), UI);
}

fn reused_while_its_destruction_fails(in_stock: bool) -> Owned {
    let pool = pool();
    pool.used(1);
    if in_stock {
        pool.free(10);
    }
    let (gate, held) = (pool.hold(Destroy, answer(WSRT_E_FAIL)), *pool);
    let destroyer = thread::spawn(move || held.destroy_resource(10));
    gate.entered();
    pool.once(Create, id(10));
    assert_eq!(pool.alloc(1), Ok(10));
    gate.open();
    let _ = destroyer.join().unwrap();
    pool.calls();
    pool
}

#[test]
fn an_id_in_use_anew_leaves_no_ghost_when_the_old_destruction_fails() {
    let pool = reused_while_its_destruction_fails(false);
    assert_eq!(pool.resources(), [(10, UU)]);
}

#[test]
fn an_id_in_use_anew_leaves_no_ghost_in_stock_when_the_old_destruction_fails() {
    let pool = reused_while_its_destruction_fails(true);
    assert_eq!(pool.resources(), [(10, UU)]);
    assert_eq!(pool.alloc(1), Ok(20));
    assert_eq!(pool.calls(), ["create 1 -> 20"]);
}

#[test]
fn d_44_resources_are_reclaimed_in_order_of_allocation_across_threads() {
    let (pool, object) = (reclaiming(), Object::new());
    object.run(|| {
        for _ in 0..5 {
            pool.stocked(1);
        }
        pool.used(1)
    });
    let other = *pool;
    thread::spawn(move || object.run(|| other.used(1))).join().unwrap();
    object.end();
    assert_eq!(pool.calls(), ["reset 10", "reset 20"]);
}

/// Takes 3 s at most where nothing is delayed.
#[test]
fn one_dispenser_whose_destructions_hang_does_not_delay_the_sweeps_of_others() {
    let quick = dispenser_options { sweep_interval_ms: 5, ..defaults() };
    let (guilty, other) = (pool_with(quick, &[]), pool_with(quick, &[]));
    guilty.always(Create, secs(0));
    other.always(Create, secs(0));
    let gates: Vec<_> = (0..6).map(|_| guilty.hold(Destroy, |_| {})).collect();
    for _ in 0..6 {
        guilty.used(1);
    }
    for n in 1..=6 {
        guilty.free(n * 10);
    }
    gates[0].entered();
    thread::sleep(std::time::Duration::from_millis(200));
    other.used(1);
    other.free(10);
    let begun = std::time::Instant::now();
    wait_until("the sweep of the other", || other.stats().destroys == 1);
    eprintln!("took {:?}, {} hang", begun.elapsed(), guilty.stats().destroying);
    assert!(begun.elapsed().as_secs() < 3, "took {:?}", begun.elapsed());
}

/// What is handed out when the ghost is in stock.
#[test]
fn a_ghost_in_stock_is_not_handed_out() {
    let pool = reused_while_its_destruction_fails(true);
    assert_ne!(pool.alloc(1), Ok(0));
}

/// Creations have no ids yet, but need room for them: as many at once as there are.
#[test]
fn creations_nest_as_deep_as_they_like() {
    thread_local! {
        static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    unsafe extern "C" fn create(
        user_data: *mut std::ffi::c_void,
        restypid: usize,
        resid: *mut usize,
        _: *mut i32,
    ) -> wsrt_hresult {
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        let mut inner = 0;
        if depth < 40 {
            let pool = unsafe { *user_data.cast::<*mut dispenser>() };
            assert_eq!(unsafe { dispenser_alloc_resource(pool, restypid, &mut inner) }, WSRT_S_OK);
        }
        unsafe { resid.write(depth) };
        WSRT_S_OK
    }
    let mut pool = std::ptr::null_mut::<dispenser>();
    let table = dispenser_driver {
        user_data: (&raw mut pool).cast(),
        create_resource: Some(create),
        ..unsafe { std::mem::zeroed() }
    };
    let table = dispenser_driver { cb_size: size_of::<dispenser_driver>() as u32, ..table };
    assert_eq!(unsafe { dispenser_create(&table, std::ptr::null(), &manual(), &mut pool) }, WSRT_S_OK);
    let mut resid = 0;
    assert_eq!(unsafe { dispenser_alloc_resource(pool, 1, &mut resid) }, WSRT_S_OK);
    for resid in 1..=40 {
        assert_eq!(unsafe { dispenser_free_resource(pool, resid) }, WSRT_S_OK, "resource {resid}");
    }
    assert_eq!(unsafe { dispenser_destroy(pool) }, WSRT_S_OK);
}
