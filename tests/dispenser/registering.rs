//! Registering, arguments that cannot be used, and what the process has one of: D-1 to D-6, D-18, D-29, D-51.

use super::scene::*;
use std::mem::{size_of, zeroed};
use std::ptr::{null, null_mut};

fn create(table: *const dispenser_driver, name: *const std::ffi::c_char) -> (i32, *mut dispenser) {
    let mut made = std::ptr::dangling_mut();
    (unsafe { dispenser_create(table, name, &manual(), &mut made) }, made)
}

#[test]
fn d_01_a_null_out_pointer_is_refused_before_any_callback() {
    let pool = pool();
    unsafe {
        assert_eq!(dispenser_alloc_resource(pool.get(), 1, null_mut()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_create(&pool.table(&[]), c"".as_ptr(), &manual(), null_mut()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_get_context(null_mut(), &mut 0), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_get_context(&mut 0, null_mut()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_get_stats(pool.get(), null_mut()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_get_options(pool.get(), null_mut()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_get_resource_info(pool.get(), 10, null_mut()), WSRT_E_INVALIDARG);
        assert_eq!(dispenser_enum_resources(pool.get(), None, null_mut()), WSRT_E_INVALIDARG);
    }
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_02_a_null_driver_is_refused() {
    assert_eq!(create(null(), c"".as_ptr()), (WSRT_E_INVALIDARG, null_mut()));
}

#[test]
fn d_02_a_driver_that_cannot_create_is_refused() {
    let pool = pool();
    assert_eq!(create(&pool.table(&[Create]), c"".as_ptr()), (WSRT_E_INVALIDARG, null_mut()));
    assert_eq!(last_error(), "dispenser_create: driver: create_resource is NULL");
}

#[test]
fn d_03_a_null_or_empty_name_is_accepted() {
    let pool = pool();
    for name in [null(), c"".as_ptr()] {
        let (code, made) = create(&pool.table(&[]), name);
        assert_eq!((code, unsafe { dispenser_destroy(made) }), (WSRT_S_OK, WSRT_S_OK));
    }
}

#[test]
fn d_04_one_driver_may_have_several_pools() {
    let first = pool();
    let second = pool_of(first.driver(), &first.table(&[]), manual());
    assert_ne!(first.get(), second.get());
    assert_eq!(first.alloc(1), Ok(10));
    assert_eq!(second.state(10), GONE, "each has an inventory of its own");
    assert_eq!(second.destroy(), WSRT_S_OK);
}

#[test]
fn d_05_a_driver_that_was_refused_is_not_released() {
    let pool = pool();
    let bad_options = dispenser_options { flags: 0x8000_0000, ..manual() };
    let mut made = null_mut();
    let code = unsafe { dispenser_create(&pool.table(&[]), c"".as_ptr(), &bad_options, &mut made) };
    assert_eq!(code, WSRT_E_INVALIDARG);
    let not_utf8 = c"\xFF".as_ptr();
    assert_eq!(create(&pool.table(&[]), not_utf8), (WSRT_E_INVALIDARG, null_mut()));
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_05_what_is_not_offered_yet_is_refused_and_not_released() {
    let pool = pool();
    let options = dispenser_options { max_resources: 3, ..manual() };
    let mut made = std::ptr::dangling_mut();
    let code = unsafe { dispenser_create(&pool.table(&[]), c"".as_ptr(), &options, &mut made) };
    assert_eq!((code, made), (WSRT_E_NOTIMPL, null_mut()));
    assert_eq!(last_error(), "dispenser_create: options: max_resources is not offered in this version");
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_06_only_the_type_0_is_empty_and_no_type_is_followed() {
    let pool = pool();
    assert_eq!(pool.alloc(0), Err(WSRT_E_INVALIDARG));
    assert_eq!(pool.calls(), NOTHING);
    assert_eq!(pool.alloc(usize::MAX), Ok(10));
    assert_eq!(pool.alloc(3), Ok(20));
}

#[test]
fn d_18_nothing_is_created_without_a_request() {
    let pool = pool();
    for now_ms in [1_000, 11_000, 21_000] {
        assert_eq!(pool.sweep(now_ms), WSRT_S_OK);
    }
    assert_eq!(pool.calls(), NOTHING);
}

#[test]
fn d_18_sweeps_keep_no_level() {
    let pool = pool();
    pool.always(Create, secs(5));
    pool.stocked(1);
    pool.sweep(1_000);
    pool.sweep(6_000);
    pool.sweep(16_000);
    assert_eq!(pool.calls(), ["destroy 10"]);
}

#[test]
fn d_29_there_is_one_manager_in_the_process() {
    let (first, second, t) = (pool(), pool(), Transaction::new("T"));
    t.run(|| (first.stocked(1), second.stocked(1)));
    assert_eq!(t.commit(), WSRT_S_OK);
    assert_eq!((first.state(10), second.state(10)), (UI, UI));
}

#[test]
fn d_48_there_is_no_limit() {
    let pool = pool();
    let allocated: Vec<_> = (0..300).map(|_| pool.alloc(1)).collect();
    assert_eq!(allocated, (1..=300).map(|n| Ok(n * 10)).collect::<Vec<_>>());
}

#[test]
fn d_51_ids_are_as_wide_as_pointers_and_seconds_ratings_and_codes_have_32_bits() {
    let pointer = size_of::<*const ()>();
    assert_eq!(size_of::<dispenser_resid>(), pointer);
    assert_eq!(size_of::<dispenser_restypid>(), pointer);
    assert_eq!(size_of::<dispenser_instid>(), pointer);
    assert_eq!(size_of::<dispenser_transid>(), pointer);
    let pool = pool();
    pool.once(Create, |reply| (reply.id, reply.secs) = (Some(usize::MAX), Some(i32::MAX)));
    assert_eq!(pool.alloc(usize::MAX - 1), Ok(usize::MAX));
    let info = pool.info(usize::MAX).unwrap();
    assert_eq!((info.restypid, info.secs_free_before_destroy), (usize::MAX - 1, i32::MAX));
    assert_eq!(pool.free(usize::MAX), WSRT_S_OK);
}

#[test]
fn a_driver_of_an_older_or_newer_header_is_taken() {
    #[repr(C)]
    struct Newer {
        table: dispenser_driver,
        tail: usize,
    }
    let pool = pool();
    let cb_size = size_of::<Newer>() as u32;
    let mut newer = Newer { table: dispenser_driver { cb_size, ..pool.table(&[]) }, tail: 0 };
    let (code, made) = create(&newer.table, null());
    assert_eq!((code, unsafe { dispenser_destroy(made) }), (WSRT_S_OK, WSRT_S_OK));
    newer.tail = 1;
    assert_eq!(create(&newer.table, null()), (WSRT_E_INVALIDARG, null_mut()));
    let short = dispenser_driver { cb_size: 8, ..pool.table(&[]) };
    assert_eq!(create(&short, null()), (WSRT_E_INVALIDARG, null_mut()));
    let unset = dispenser_driver { cb_size: 0, ..unsafe { zeroed() } };
    assert_eq!(create(&unset, null()), (WSRT_E_INVALIDARG, null_mut()));
}
