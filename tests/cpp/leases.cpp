/* Leases and the owners of pools: ended twice, moved from, moved to themselves, outliving what they are of, and what is
   left when a resource cannot be given back. */
#include "pool.hpp"

#include <type_traits>

namespace {

template <class Owner>
constexpr bool only_moves = std::is_nothrow_move_constructible_v<Owner> && std::is_nothrow_move_assignable_v<Owner> &&
                            !std::is_copy_constructible_v<Owner> && !std::is_copy_assignable_v<Owner> &&
                            std::is_nothrow_destructible_v<Owner>;
static_assert(only_moves<wsrt::dispenser> && only_moves<wsrt::lease>);
static_assert(std::is_trivially_copyable_v<wsrt::dispenser_ref> && sizeof(wsrt::dispenser_ref) == sizeof(void *));
static_assert(!std::is_move_constructible_v<wsrt::context> && !std::is_copy_constructible_v<wsrt::context>);

/* What -Wself-move sees at once is done here behind a reference. */
template <class Owner>
void move_to_itself(Owner &owner)
{
    Owner &same = owner;
    owner = std::move(same);
}

void a_lease_ends_once()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    {
        const wsrt::lease held = pool.alloc_resource(1);
        CHECK(held);
        CHECK_EQ(1, held.id());
        CHECK_EQ(1, pool.stats().used_unenlisted);
    }
    CHECK_EQ(1, of.reset);
    CHECK_EQ(1, pool.stats().free_unenlisted);
    wsrt::lease held = pool.alloc_resource(1);
    CHECK_EQ(1, held.id());
    CHECK_CODE(WSRT_S_OK, held.release());
    CHECK(!held);
    CHECK_EQ(0, held.id());
    CHECK_CODE(WSRT_S_FALSE, held.release());
    CHECK_CODE(WSRT_S_FALSE, held.try_release());
    CHECK_CODE(WSRT_S_FALSE, held.destroy());
    CHECK_CODE(WSRT_S_FALSE, held.try_destroy());
    CHECK_EQ(2, of.reset);
    CHECK_CODE(WSRT_S_OK, pool.try_alloc_resource(1, held));
    CHECK_CODE(WSRT_S_OK, held.try_destroy());
    CHECK(!held);
    CHECK_EQ(1, of.destroyed);
    CHECK_EQ(2, of.reset);
    held = pool.alloc_resource(1);
    CHECK_CODE(WSRT_S_OK, held.destroy());
    CHECK_EQ(2, of.destroyed);
    CHECK_EQ(0, pool.resources().size());
    const dispenser_stats stats = pool.stats();
    CHECK_EQ(4, stats.allocs);
    CHECK_EQ(2, stats.frees);
    CHECK_EQ(2, stats.creates);
    CHECK_EQ(2, stats.destroys);
}

void a_lease_moves()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    wsrt::lease first = pool.alloc_resource(1), second = pool.alloc_resource(1);
    const dispenser_resid id = first.id();
    wsrt::lease moved(std::move(first));
    CHECK(!first && moved);
    CHECK_EQ(id, moved.id());
    CHECK_CODE(WSRT_S_FALSE, first.release());
    CHECK_CODE(WSRT_S_FALSE, first.destroy());
    move_to_itself(moved);
    CHECK_EQ(id, moved.id());
    CHECK_EQ(0, of.reset);
    /* What is assigned over goes back. */
    moved = std::move(second);
    CHECK_EQ(1, of.reset);
    CHECK(moved.id() != id);
    std::swap(moved, first);
    CHECK(!moved && first);
    CHECK_EQ(1, of.reset);
    const dispenser_resid loose = first.detach();
    CHECK(!first);
    first = {};
    CHECK_EQ(1, of.reset);
    {
        const wsrt::lease again(pool.get(), loose);
    }
    CHECK_EQ(2, of.reset);
    /* The form that does not throw writes over what is there, with a resource or without. */
    wsrt::lease held = pool.alloc_resource(1);
    CHECK_CODE(WSRT_S_OK, pool.try_alloc_resource(1, held));
    CHECK_EQ(3, of.reset);
    CHECK_CODE(WSRT_E_INVALIDARG, pool.try_alloc_resource(0, held));
    CHECK(!held);
    CHECK_EQ(4, of.reset);
    CHECK_EQ(2, of.created);
    CHECK_EQ(2, pool.stats().free_unenlisted);
}

void a_lease_outlives_its_dispenser()
{
    script of;
    wsrt::dispenser pool = pool_of(of);
    wsrt::lease first = pool.alloc_resource(1), second = pool.alloc_resource(1), third = pool.alloc_resource(1);
    CHECK_CODE(WSRT_S_OK, pool.close());
    CHECK_EQ(1, of.released);
    CHECK_CODE(WSRT_E_CLOSED, thrown_by([&] { first.release(); }));
    CHECK(!first);
    CHECK_CODE(WSRT_E_CLOSED, pool.try_free_resource(1));
    CHECK_CODE(WSRT_E_CLOSED, second.try_destroy());
    CHECK(!second);
    second = std::move(third);
    CHECK_CODE(WSRT_E_CLOSED, pool.try_alloc_resource(1, first));
    CHECK_CODE(WSRT_S_OK, pool.destroy());
    CHECK_CODE(WSRT_E_HANDLE, second.try_release());
    CHECK(!second);
    {
        wsrt::dispenser other = pool_of(of);
        second = other.alloc_resource(1);
        first = other.alloc_resource(1);
    }
    CHECK_EQ(2, of.released);
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([&] { first.destroy(); }));
    second = {};
    /* What is in use when a dispenser closes is its user's: nothing was reset or destroyed. */
    CHECK_EQ(0, of.reset);
    CHECK_EQ(0, of.destroyed);
}

void a_lease_keeps_what_cannot_be_reset()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    wsrt::lease held = pool.alloc_resource(1);
    of.on_reset = [] { return wsrt::status(WSRT_E_ACCESSDENIED); };
    try {
        held.release();
        CHECK(false);
    } catch (const wsrt::error &failure) {
        CHECK_CODE(WSRT_E_FAIL, failure.code());
        CHECK(std::strstr(failure.text(), "dispenser_free_resource: ") == failure.text());
    }
    CHECK_EQ(1, held.id());
    CHECK_CODE(WSRT_E_FAIL, held.try_release());
    CHECK_EQ(1, held.id());
    CHECK_CODE(WSRT_S_OK, held.destroy());
    CHECK(!held);
    CHECK_EQ(2, of.reset);
    CHECK_EQ(1, of.destroyed);
    /* So does what cannot be destroyed, which may still be good enough for the pool. */
    of.on_reset = [] { return wsrt::status(); };
    for (const wsrt_hresult code : {WSRT_E_ACCESSDENIED, WSRT_E_NOTIMPL}) {
        of.on_destroy = [code] { return wsrt::status(code); };
        held = pool.alloc_resource(1);
        const wsrt_hresult expected = code == WSRT_E_NOTIMPL ? WSRT_E_NOTIMPL : WSRT_E_FAIL;
        CHECK_CODE(expected, thrown_by([&] { held.destroy(); }));
        CHECK(held);
        CHECK_CODE(expected, held.try_destroy());
        CHECK(held);
        CHECK_CODE(WSRT_S_OK, held.release());
    }
    CHECK_EQ(1, pool.stats().free_unenlisted);
    CHECK_EQ(4, pool.stats().destroy_failures);
    of.on_destroy = [] { return wsrt::status(); };
}

void a_destructor_destroys_what_cannot_be_reset()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    of.on_reset = [] { return wsrt::status(WSRT_E_FAIL); };
    {
        const wsrt::lease held = pool.alloc_resource(1);
    }
    CHECK_EQ(1, of.reset);
    CHECK_EQ(1, of.destroyed);
    CHECK_EQ(0, pool.resources().size());
    /* In a transaction the end of that comes first. */
    {
        const wsrt::context inside(0, 7);
        const wsrt::lease held = pool.alloc_resource(1);
    }
    CHECK_EQ(1, of.destroyed);
    CHECK(pool.resources().at(0).state == wsrt::pooled_state::awaiting_transaction);
    CHECK_CODE(WSRT_S_OK, wsrt::transaction_ended(7, false));
    CHECK_EQ(2, of.destroyed);
    /* If that fails as well, it is in use for good. */
    of.on_destroy = [] { return wsrt::status(WSRT_E_FAIL); };
    dispenser_resid lost = 0;
    {
        const wsrt::lease held = pool.alloc_resource(1);
        lost = held.id();
    }
    CHECK_EQ(3, of.destroyed);
    CHECK(pool.info(lost).state == wsrt::pooled_state::used_unenlisted);
}

/* A resource that was given up in its own reset is gone, however that answers. */
void a_lease_lets_go_of_what_was_given_up()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    wsrt::lease held;
    dispenser_resid id = 0;
    for (const wsrt_hresult answer : {WSRT_S_OK, WSRT_E_FAIL}) {
        of.on_reset = [&] {
            CHECK_CODE(WSRT_S_OK, pool.try_destroy_resource(id));
            return wsrt::status(answer);
        };
        held = pool.alloc_resource(1);
        id = held.id();
        CHECK_CODE(WSRT_E_FAIL, held.try_release());
        CHECK(!held);
    }
    CHECK_EQ(2, of.destroyed);
    CHECK_EQ(0, pool.resources().size());
}

/* Who frees by its id what a lease owns has the lease learn of it when that ends, and only the first time. */
void a_lease_learns_that_its_resource_is_gone()
{
    script of;
    const wsrt::dispenser pool = pool_of(of);
    wsrt::lease held = pool.alloc_resource(1);
    CHECK_CODE(WSRT_S_OK, pool.free_resource(held.id()));
    CHECK(held);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { held.release(); }));
    CHECK_CODE(WSRT_S_FALSE, held.release());
    CHECK_EQ(1, of.reset);
    CHECK_EQ(0, of.destroyed);
    held = pool.alloc_resource(1);
    CHECK_CODE(WSRT_S_OK, pool.destroy_resource(held.id()));
    held = {};
    CHECK_EQ(1, of.reset);
    CHECK_EQ(1, of.destroyed);
}

void a_dispenser_moves_and_ends_once()
{
    script one, two;
    wsrt::dispenser first = pool_of(one), second = pool_of(two);
    { const wsrt::lease in_first = first.alloc_resource(1), in_second = second.alloc_resource(1); }
    wsrt::dispenser moved(std::move(first));
    CHECK(!first && moved);
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([&] { static_cast<void>(first.stats()); }));
    CHECK_CODE(WSRT_E_HANDLE, first.try_close());
    move_to_itself(moved);
    CHECK_EQ(1, moved.resources().size());
    const wsrt::dispenser_ref name = moved;
    /* What is assigned over is closed, and its stock destroyed. */
    moved = std::move(second);
    CHECK_EQ(1, one.destroyed);
    CHECK_EQ(1, one.released);
    CHECK_CODE(WSRT_E_HANDLE, name.try_destroy());
    CHECK_CODE(WSRT_E_HANDLE, name.destroy_nowait());
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([&] { name.destroy(); }));
    CHECK_CODE(WSRT_E_HANDLE, name.try_close());
    CHECK_CODE(WSRT_S_OK, moved.close());
    CHECK_EQ(1, two.destroyed);
    CHECK_EQ(1, two.released);
    CHECK(moved);
    CHECK_CODE(WSRT_E_CLOSED, thrown_by([&] { moved.close(); }));
    CHECK_CODE(WSRT_E_CLOSED, moved.try_close());
    CHECK_CODE(WSRT_E_CLOSED, moved.close_nowait());
    CHECK_EQ(DISPENSER_CLOSED, moved.stats().state);
    CHECK_CODE(WSRT_S_OK, moved.destroy());
    CHECK_CODE(WSRT_S_FALSE, moved.destroy());
    CHECK_CODE(WSRT_S_FALSE, moved.try_destroy());
    CHECK_CODE(WSRT_S_FALSE, moved.destroy_nowait());
    CHECK_EQ(1, two.released);

    script three;
    wsrt::dispenser loose = pool_of(three);
    wsrt::dispenser adopted = wsrt::dispenser::adopt(loose.detach());
    CHECK(!loose && adopted);
    CHECK_CODE(WSRT_S_OK, wsrt::dispenser_ref(adopted).destroy());
    CHECK_EQ(1, three.released);
    CHECK_CODE(WSRT_E_HANDLE, adopted.try_destroy());
    CHECK_CODE(WSRT_S_OK, wsrt::dispenser::try_create(adopted, player_of(three)));
    CHECK_CODE(WSRT_S_OK, wsrt::dispenser::try_create(adopted, player_of(three)));
    CHECK_EQ(2, three.released);
    CHECK_CODE(WSRT_E_INVALIDARG, wsrt::dispenser::try_create(adopted, nullptr));
    CHECK(!adopted);
    CHECK_EQ(3, three.released);
}

/* The driver may end the dispenser that calls it, and its destructor what is at work. */
void a_dispenser_ends_inside_its_callbacks()
{
    for (const bool as_object : {false, true}) {
        script of;
        auto *pool = new wsrt::dispenser(pool_of(of));
        const wsrt::dispenser_ref name = *pool;
        of.on_create = [&](dispenser_resid id) {
            if (as_object) {
                delete pool;
            } else {
                CHECK_CODE(WSRT_S_DEFERRED, pool->destroy());
            }
            CHECK_EQ(0, of.released);
            return wsrt::created(id);
        };
        wsrt::lease held;
        CHECK_CODE(WSRT_E_CLOSED, name.try_alloc_resource(1, held));
        CHECK_EQ(1, of.destroyed);
        CHECK_EQ(1, of.released);
        if (!as_object) {
            CHECK(!*pool);
            delete pool;
        }
    }
    struct last_words final : wsrt::driver {
        explicit last_words(std::function<void()> end) : end_(std::move(end)) {}
        ~last_words() override { end_(); }
        wsrt::created create_resource(dispenser_restypid) override { return 1; }
        wsrt::status destroy_resource(dispenser_resid) override { return {}; }
        std::function<void()> end_;
    };
    wsrt::dispenser *pool = nullptr;
    unsigned ended = 0;
    pool = new wsrt::dispenser(std::make_unique<last_words>([&] {
        delete pool;
        ended += 1;
    }));
    CHECK_CODE(WSRT_S_OK, pool->destroy());
    CHECK_EQ(1, ended);
}

} // namespace

int main()
{
    RUN(a_lease_ends_once);
    RUN(a_lease_moves);
    RUN(a_lease_outlives_its_dispenser);
    RUN(a_lease_keeps_what_cannot_be_reset);
    RUN(a_destructor_destroys_what_cannot_be_reset);
    RUN(a_lease_lets_go_of_what_was_given_up);
    RUN(a_lease_learns_that_its_resource_is_gone);
    RUN(a_dispenser_moves_and_ends_once);
    RUN(a_dispenser_ends_inside_its_callbacks);
    return 0;
}
