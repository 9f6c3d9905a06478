/* Owners: ended twice, moved from, moved to themselves, dropped in any order, ended inside callbacks. */
#include "guest.hpp"

#include <new>
#include <type_traits>

namespace {

template <class Owner>
constexpr bool only_moves = std::is_nothrow_move_constructible_v<Owner> && std::is_nothrow_move_assignable_v<Owner> &&
                            !std::is_copy_constructible_v<Owner> && !std::is_copy_assignable_v<Owner> &&
                            std::is_nothrow_destructible_v<Owner>;
static_assert(only_moves<wsrt::runtime> && only_moves<wsrt::registration> && only_moves<wsrt::subscription> &&
              only_moves<wsrt::logger>);
static_assert(std::is_trivially_copyable_v<wsrt::runtime_ref> && sizeof(wsrt::runtime_ref) == sizeof(void *));

const auto look_away = [](wsrt::resource_change, const wsrt::resource_view &) {};
const auto hear_nothing = [](wsrt::log_level, std::string_view, std::string_view) {};

/* What -Wself-move sees at once is done here behind a reference. */
template <class Owner>
void move_to_itself(Owner &owner)
{
    Owner &same = owner;
    owner = std::move(same);
}

void a_registration_ends_once()
{
    wsrt::runtime runtime;
    tally counts;
    wsrt::registration made = runtime.add_resource(guest_of(counts));
    const ws_cookie cookie = made.cookie();
    CHECK(made && cookie != 0);
    CHECK_CODE(WSRT_S_OK, made.remove());
    CHECK_EQ(1, counts.released);
    CHECK(!made);
    CHECK_CODE(WSRT_S_FALSE, made.remove());
    CHECK_CODE(WSRT_S_FALSE, made.try_remove());
    CHECK_CODE(WSRT_S_FALSE, made.remove_nowait());
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { runtime.remove_resource(cookie); }));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_remove_resource(cookie));
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.remove_resource_nowait(cookie));

    /* Removed by its cookie: the owner learns of it when it removes, and only the first time. */
    made = runtime.add_resource(guest_of(counts));
    CHECK_CODE(WSRT_S_OK, runtime.remove_resource(made.cookie()));
    CHECK_EQ(2, counts.released);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { made.remove(); }));
    CHECK_CODE(WSRT_S_FALSE, made.remove());
    CHECK_EQ(2, counts.released);
}

void a_registration_moves()
{
    wsrt::runtime runtime;
    tally one, two;
    wsrt::registration first = runtime.add_resource(guest_of(one));
    wsrt::registration second = runtime.add_resource(guest_of(two));
    const ws_cookie cookie = first.cookie();
    wsrt::registration moved(std::move(first));
    CHECK_EQ(0, first.cookie());
    CHECK_EQ(cookie, moved.cookie());
    CHECK_CODE(WSRT_S_FALSE, first.try_remove());
    move_to_itself(moved);
    CHECK_EQ(cookie, moved.cookie());
    CHECK_EQ(0, one.released);
    /* What is assigned over ends. */
    moved = std::move(second);
    CHECK_EQ(1, one.released);
    CHECK_EQ(0, two.released);
    std::swap(moved, first);
    CHECK(!moved && first);
    CHECK_EQ(0, two.released);
    const ws_cookie loose = first.detach();
    CHECK(!first);
    CHECK_EQ(0, two.released);
    {
        const wsrt::registration again(runtime.get(), loose);
    }
    CHECK_EQ(1, two.released);
    move_to_itself(first);
    CHECK(!first);
}

void a_subscription_moves_and_ends_once()
{
    wsrt::runtime runtime;
    tally one, two;
    wsrt::subscription first =
        runtime.subscribe([held = seal(one)](wsrt::resource_change, const wsrt::resource_view &) {});
    wsrt::subscription second =
        runtime.subscribe([held = seal(two)](wsrt::resource_change, const wsrt::resource_view &) {});
    wsrt::subscription moved(std::move(first));
    CHECK(!first && moved);
    move_to_itself(moved);
    CHECK(moved);
    moved = std::move(second);
    CHECK_EQ(1, one.released);
    const std::uint32_t id = moved.id();
    CHECK_CODE(WSRT_S_OK, moved.unsubscribe());
    CHECK_EQ(1, two.released);
    CHECK_CODE(WSRT_S_FALSE, moved.unsubscribe());
    CHECK_CODE(WSRT_S_FALSE, moved.try_unsubscribe());
    CHECK_CODE(WSRT_S_FALSE, moved.unsubscribe_nowait());
    wsrt::subscription stale(runtime.get(), id);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { stale.unsubscribe(); }));
    CHECK_CODE(WSRT_S_FALSE, stale.unsubscribe());
    CHECK_EQ(1, two.released);
}

void a_runtime_moves_and_ends_once()
{
    tally one, two;
    wsrt::runtime first, second;
    wsrt::registration in_first = first.add_resource(guest_of(one)), in_second = second.add_resource(guest_of(two));
    wsrt::runtime moved(std::move(first));
    CHECK(!first && moved);
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([&] { static_cast<void>(first.resources()); }));
    CHECK_CODE(WSRT_E_HANDLE, first.try_disconnect_workspace("w"));
    move_to_itself(moved);
    CHECK_EQ(1, moved.resources().size());
    const wsrt::runtime_ref name = moved;
    moved = std::move(second);
    CHECK_EQ(1, one.released);
    CHECK_CODE(WSRT_E_HANDLE, name.try_destroy());
    CHECK_CODE(WSRT_E_HANDLE, name.destroy_nowait());
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([&] { name.destroy(); }));
    CHECK_CODE(WSRT_S_OK, moved.destroy());
    CHECK_EQ(1, two.released);
    CHECK_CODE(WSRT_S_FALSE, moved.destroy());
    CHECK_CODE(WSRT_S_FALSE, moved.try_destroy());
    CHECK_CODE(WSRT_S_FALSE, moved.destroy_nowait());
    CHECK_CODE(WSRT_E_HANDLE, thrown_by([&] { in_second.remove(); }));

    wsrt::runtime loose;
    wsrt::runtime adopted = wsrt::runtime::adopt(loose.detach());
    CHECK(!loose && adopted);
    CHECK_CODE(WSRT_S_OK, wsrt::runtime_ref(adopted).destroy());
    CHECK_CODE(WSRT_E_HANDLE, adopted.try_destroy());
    CHECK_CODE(WSRT_S_OK, wsrt::runtime::try_create(adopted));
    CHECK_EQ(0, adopted.resources().size());
}

void a_logger_moves_and_ends_once()
{
    tally one, two, three;
    wsrt::logger first(wsrt::log_level::info,
                       [held = seal(one)](wsrt::log_level, std::string_view, std::string_view) {});
    wsrt::logger moved(std::move(first));
    CHECK(!first && moved);
    move_to_itself(moved);
    CHECK(moved);
    CHECK_EQ(0, one.released);
    {
        const wsrt::logger second(wsrt::log_level::info,
                                  [held = seal(two)](wsrt::log_level, std::string_view, std::string_view) {});
        CHECK_EQ(1, one.released);
        /* Replaced: nothing of its own is left to take away, and what is there is not its own. */
        CHECK_CODE(WSRT_S_FALSE, moved.reset());
        CHECK_EQ(0, two.released);
    }
    CHECK_EQ(1, two.released);
    wsrt::logger third;
    CHECK_CODE(WSRT_S_FALSE, third.reset());
    CHECK_CODE(WSRT_S_OK, wsrt::logger::try_set(third, wsrt::log_level::warn,
                                               [held = seal(three)](wsrt::log_level, std::string_view,
                                                                    std::string_view) {}));
    /* No level of that number: refused, and the log that is there goes as what it is assigned over. */
    const wsrt::log_level none = static_cast<wsrt::log_level>(99);
    CHECK_CODE(WSRT_E_INVALIDARG, thrown_by([&] { const wsrt::logger refused(none, hear_nothing); }));
    CHECK_EQ(0, three.released);
    CHECK_CODE(WSRT_E_INVALIDARG, wsrt::logger::try_set(third, none, hear_nothing));
    CHECK(!third);
    CHECK_EQ(1, three.released);
    CHECK_CODE(WSRT_S_FALSE, third.try_reset());
}

void owners_are_dropped_in_any_order()
{
    for (int order = 0; order < 6; order++) {
        tally counts, observed;
        auto runtime = std::make_unique<wsrt::runtime>();
        auto made = std::make_unique<wsrt::registration>(runtime->add_resource(guest_of(counts)));
        auto watch = std::make_unique<wsrt::subscription>(
            runtime->subscribe([held = seal(observed)](wsrt::resource_change, const wsrt::resource_view &) {}));
        for (int step = 0; step < 3; step++) {
            switch ((order / 2 + (order % 2 ? 3 - step : step)) % 3) {
            case 0: runtime.reset(); break;
            case 1: made.reset(); break;
            default: watch.reset(); break;
            }
            CHECK_EQ(!runtime || !made, counts.released);
            CHECK_EQ(!runtime || !watch, observed.released);
        }
        CHECK(!runtime && !made && !watch);
    }
}

/* ---- Inside callbacks. ---- */

void a_client_removes_itself()
{
    wsrt::runtime runtime;
    const wsrt::runtime_ref name = runtime;
    tally counts;
    wsrt::registration made;
    wsrt_hresult seen = -1;
    const std::vector<std::function<void(ws_cookie)>> ways = {
        [&](ws_cookie) { seen = made.remove().code(); },
        [&](ws_cookie) { seen = made.try_remove().code(); },
        [&](ws_cookie) { seen = made.remove_nowait().code(); },
        [&](ws_cookie cookie) { seen = name.remove_resource(cookie).code(); },
        [&](ws_cookie cookie) { seen = name.try_remove_resource(cookie).code(); },
        [&](ws_cookie cookie) { seen = name.remove_resource_nowait(cookie).code(); },
        [&](ws_cookie) { made = {}; seen = WSRT_S_DEFERRED; },
    };
    unsigned released = 0;
    for (const auto &way : ways) {
        for (const bool lambda : {false, true}) {
            if (lambda) {
                /* What is captured is used after the removal, so it has to be there still. */
                auto remove = [&, held = seal(counts), text = std::string(99, 'x')](ws_cookie at) {
                    way(at);
                    CHECK_EQ(released, counts.released);
                    CHECK_EQ(99, text.size());
                };
                made = runtime.add_resource("w", "n", std::move(remove));
            } else {
                made = runtime.add_resource(guest_of(counts, [&](ws_cookie at) -> wsrt::status {
                    way(at);
                    CHECK_EQ(released, counts.released);
                    return {};
                }));
            }
            seen = -1;
            CHECK_CODE(WSRT_S_OK, runtime.disconnect_workspace("w"));
            CHECK_CODE(WSRT_S_DEFERRED, seen);
            released += 1;
            CHECK_EQ(released, counts.released);
            CHECK_EQ(0, runtime.resources().size());
            if (made) {
                CHECK_CODE(WSRT_E_INVALIDARG, made.try_remove());
            }
        }
    }
}

void a_registration_object_ends_inside_its_own_callback()
{
    wsrt::runtime runtime;
    tally counts;
    auto *made = new wsrt::registration;
    *made = runtime.add_resource("w", "n", [&, held = seal(counts)] {
        delete made;
        CHECK_EQ(0, counts.released);
    });
    CHECK_CODE(WSRT_S_OK, runtime.disconnect_workspace("w"));
    CHECK_EQ(1, counts.released);

    /* A callable that owns its own registration ends it once more when it ends itself: nothing is left to end. */
    auto shared = std::make_shared<wsrt::registration>();
    *shared = runtime.add_resource("w", "n", [shared, held = seal(counts)](ws_cookie) { return shared->remove(); });
    shared.reset();
    CHECK_CODE(WSRT_S_OK, runtime.disconnect_workspace("w"));
    CHECK_EQ(2, counts.released);
    shared = std::make_shared<wsrt::registration>();
    *shared = runtime.add_resource("w", "n", [shared, held = seal(counts)] {});
    shared.reset();
    CHECK_CODE(WSRT_S_OK, runtime.destroy());
    CHECK_EQ(3, counts.released);
}

void a_client_ends_the_runtime()
{
    for (const bool as_object : {false, true}) {
        tally counts, others;
        auto *runtime = new wsrt::runtime;
        const wsrt::runtime_ref name = *runtime;
        const wsrt::registration made = runtime->add_resource("w", "n", [&, held = seal(counts)] {
            if (as_object) {
                delete runtime;
            } else {
                CHECK_CODE(WSRT_S_DEFERRED, runtime->destroy());
            }
            CHECK_EQ(0, counts.released);
            CHECK_EQ(1, others.released);
        });
        const wsrt::registration other = runtime->add_resource(guest_of(others));
        CHECK_CODE(WSRT_E_ABORT, name.try_disconnect(wsrt::selection::all()));
        CHECK_EQ(0, others.told);
        CHECK_EQ(1, counts.released);
        CHECK_EQ(1, others.released);
        CHECK_CODE(WSRT_E_HANDLE, name.try_destroy());
        if (!as_object) {
            CHECK(!*runtime);
            delete runtime;
        }
    }
}

/* The destructor of a client is a callback too: it may end the object whose member function is at work. */
struct last_words final : wsrt::client {
    explicit last_words(std::function<void()> end) : end_(std::move(end)) {}
    ~last_words() override { end_(); }
    std::string resource_id() override { return "w"; }
    wsrt::status issue_disconnect(ws_cookie) override { return {}; }
    std::function<void()> end_;
};

void a_release_ends_the_owner_at_work()
{
    tally counts;
    auto *runtime = new wsrt::runtime;
    auto *made = new wsrt::registration;
    *made = runtime->add_resource(std::make_unique<last_words>([&] {
        delete made;
        counts.released += 1;
    }));
    CHECK_CODE(WSRT_S_OK, made->remove());
    CHECK_EQ(1, counts.released);
    made = new wsrt::registration(runtime->add_resource(std::make_unique<last_words>([&] {
        delete made;
        delete runtime;
        counts.released += 1;
    })));
    CHECK_CODE(WSRT_S_OK, runtime->destroy());
    CHECK_EQ(2, counts.released);
}

void an_observer_ends_its_own_subscription()
{
    wsrt::runtime runtime;
    tally counts, observed;
    const auto watch = std::make_unique<wsrt::subscription>();
    wsrt_hresult seen = -1;
    auto end = [&, held = seal(observed)](wsrt::resource_change change, const wsrt::resource_view &one) {
        CHECK(change == wsrt::resource_change::added);
        CHECK_TEXT("n", one.display_name);
        seen = watch->unsubscribe().code();
        CHECK_EQ(0, observed.released);
    };
    *watch = runtime.subscribe(std::move(end));
    wsrt::registration made = runtime.add_resource(guest_of(counts));
    CHECK_CODE(WSRT_S_DEFERRED, seen);
    CHECK_EQ(1, observed.released);
    seen = -1;
    CHECK_CODE(WSRT_S_OK, made.remove());
    CHECK_CODE(-1, seen);
}

void a_log_ends_itself()
{
    wsrt::runtime runtime;
    tally logged;
    wsrt::logger log;
    wsrt_hresult seen = -1;
    log = wsrt::logger(wsrt::log_level::trace,
                       [&, held = seal(logged)](wsrt::log_level, std::string_view, std::string_view) {
                           seen = log.reset().code();
                           CHECK_EQ(0, logged.released);
                       });
    struct nameless final : wsrt::client {
        std::string resource_id() override { return "w"; }
        std::string display_name() override { throw wsrt::error(WSRT_E_FAIL); }
        wsrt::status issue_disconnect(ws_cookie) override { return {}; }
    };
    CHECK_CODE(WSRT_S_OK, runtime.add_resource(std::make_unique<nameless>()).remove());
    CHECK_CODE(WSRT_S_DEFERRED, seen);
    CHECK_EQ(1, logged.released);
    CHECK(!log);
}

void try_forms_end_what_they_write_over()
{
    wsrt::runtime runtime;
    tally counts, observed;
    wsrt::registration made = runtime.add_resource(guest_of(counts));
    CHECK_CODE(WSRT_S_OK, runtime.try_add_resource(guest_of(counts), made));
    CHECK_EQ(1, counts.released);
    CHECK_CODE(WSRT_E_INVALIDARG, runtime.try_add_resource(nullptr, made));
    CHECK(!made);
    CHECK_EQ(2, counts.released);
    wsrt::subscription watch =
        runtime.subscribe([held = seal(observed)](wsrt::resource_change, const wsrt::resource_view &) {});
    CHECK_CODE(WSRT_S_OK, runtime.try_subscribe(look_away, watch));
    CHECK_EQ(1, observed.released);
    made = runtime.add_resource(guest_of(counts));
    CHECK_CODE(WSRT_S_OK, wsrt::runtime::try_create(runtime));
    CHECK_EQ(3, counts.released);
    CHECK_CODE(WSRT_E_HANDLE, wsrt::runtime_ref().try_subscribe(look_away, watch));
    CHECK(!watch);
}

} // namespace

int main()
{
    RUN(a_registration_ends_once);
    RUN(a_registration_moves);
    RUN(a_subscription_moves_and_ends_once);
    RUN(a_runtime_moves_and_ends_once);
    RUN(a_logger_moves_and_ends_once);
    RUN(owners_are_dropped_in_any_order);
    RUN(a_client_removes_itself);
    RUN(a_registration_object_ends_inside_its_own_callback);
    RUN(a_client_ends_the_runtime);
    RUN(a_release_ends_the_owner_at_work);
    RUN(an_observer_ends_its_own_subscription);
    RUN(a_log_ends_itself);
    RUN(try_forms_end_what_they_write_over);
    return 0;
}
