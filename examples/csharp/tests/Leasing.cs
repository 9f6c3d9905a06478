using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Wsrt;

/// <summary>What a dispenser does for its user, on one thread.</summary>
internal static class Leasing
{
    internal static void Run()
    {
        WhatIsNotOverriddenIsNotCalled();
        ALeaseGivesBack();
        WhatIsToldIsTrue();
        OptionsAreThoseGiven();
        SweepsAreAtTheTimeGiven();
        WhatIsTrackedEndsWithItsObject();
        ALeaseOfWhatIsAnothersDoesNothing();
        ALeaseOfWhatWasReclaimed();
        ALeaseThatCannotBeReset();
    }

    private sealed class Deriving : ResourceDriver
    {
        public override ulong Create(ulong type, ref TimeSpan idle)
        {
            return type;
        }

        public override Result Destroy(ulong resource)
        {
            return Result.Ok;
        }

        public override Result Reset(ulong resource)
        {
            return Result.Ok;
        }
    }

    private static void WhatIsNotOverriddenIsNotCalled()
    {
        Native.dispenser_driver plain = Table(new PlainDriver());
        Native.dispenser_driver one = Table(new Deriving());
        Native.dispenser_driver all = Table(new CountingDriver());
        foreach (Native.dispenser_driver any in new[] { plain, one, all })
        {
            Check.True(any.create_resource != IntPtr.Zero && any.destroy_resource != IntPtr.Zero
                && any.release != IntPtr.Zero, "what must be there");
        }
        Check.True(one.reset_resource != IntPtr.Zero && one.rate_resource == IntPtr.Zero, "one more is there");
        Check.True(new[] { plain.rate_resource, plain.enlist_resource, plain.reset_resource, plain.destroy_resource_s,
            plain.report }.All(pointer => pointer == IntPtr.Zero), "nothing else is there");
        IntPtr[] pointers = { all.create_resource, all.rate_resource, all.enlist_resource, all.reset_resource,
            all.destroy_resource, all.destroy_resource_s, all.release, all.report };
        Check.True(!pointers.Contains(IntPtr.Zero) && pointers.Distinct().Count() == pointers.Length, "all are there");

        // Without a rating types are values.
        PlainDriver driver = new PlainDriver();
        using (Dispenser pool = new Dispenser(driver))
        {
            ulong first = pool.Allocate(1), second = pool.Allocate(2);
            pool.Free(first);
            pool.Free(second);
            Check.Equal(first, pool.Allocate(1), "that of the type");
            Check.Equal(second, pool.Allocate(2), "that of the type");
            pool.Track("nobody destroys it");
            Check.Fails(Result.Fail, () => pool.Untrack("nobody destroys it", true), "no such callback");
        }
        Check.Equal(1, driver.Releases, "releases");
    }

    private static Native.dispenser_driver Table(ResourceDriver driver)
    {
        Native.dispenser_driver table = new DriverTable(driver).ToNative(out GCHandle handle);
        handle.Free();
        return table;
    }

    private static void ALeaseGivesBack()
    {
        CountingDriver driver = new CountingDriver();
        using (Dispenser pool = new Dispenser(driver, "Bücher"))
        {
            ulong resource;
            using (Lease lease = pool.Lease(5))
            {
                resource = lease.Resource;
                Check.Equal(DispenserResourceState.UsedUnenlisted, pool.GetResource(resource).State, "state");
            }
            Check.Equal(DispenserResourceState.FreeUnenlisted, pool.GetResource(resource).State, "state");
            Check.Equal(1, driver.Resets, "resets");

            Lease again = pool.Lease(5);
            Check.Equal(resource, again.Resource, "the same again");
            again.Free();
            again.Dispose();
            Check.Fails(Result.InvalidArg, again.Free, "freed twice");
            Check.Fails(Result.InvalidArg, again.Destroy, "destroyed when it has ended");
            Check.Equal(2, driver.Resets, "resets");

            Lease broken = pool.Lease(5);
            broken.Destroy();
            broken.Dispose();
            Check.Equal(1, driver.Destroyed, "destroyed");
            Check.Equal(2, driver.Resets, "resets");
            Check.Fails(Result.InvalidArg, () => pool.GetResource(resource), "it is gone");
            Check.Fails(Result.InvalidArg, () => pool.Lease(0), "no type");
            Check.Fails(Result.InvalidArg, () => pool.Free(99), "no resource");
        }
        Check.Equal(null, driver.Fault, "fault");
        Check.True(driver.Releases == 1 && driver.Alive.IsEmpty, "all is over");
        Check.Throws<ArgumentNullException>(() => new Dispenser(null), "no driver");
        Check.Throws<ArgumentException>(() => new Dispenser(driver, "a\0b"), "a NUL inside");
        Check.Fails(Result.InvalidArg, () => new Dispenser(driver, new string('n', 4097)), "too long a name");
        Check.Equal(1, driver.Releases, "what was not made is not released");
    }

    private static void WhatIsToldIsTrue()
    {
        CountingDriver driver = new CountingDriver { WhenCreated = type => TimeSpan.FromSeconds(type == 1 ? 1.5 : -7) };
        using (Dispenser pool = new Dispenser(driver, null, new DispenserOptions { ManualSweep = true }))
        {
            Lease one, other;
            using (Context.Enter(ulong.MaxValue, 77))
            {
                one = pool.Lease(1);
                other = pool.Lease(ulong.MaxValue);
            }
            pool.Track("Bücher 書 😀");
            IReadOnlyList<DispenserResourceInfo> all = pool.GetResources();
            Check.Equal(3, all.Count, "resources");
            Check.Equal(one.Resource, all[0].Resource, "the oldest");
            Check.Equal(TimeSpan.FromSeconds(2), all[0].Idle.Value, "rounded up");
            Check.Equal(null, all[0].Name, "no name");
            Check.Equal(DispenserResourceState.UsedEnlisted, all[0].State, "state");
            Check.Equal(ulong.MaxValue, all[0].Instance, "object");
            Check.Equal(77ul, all[0].Transaction, "transaction");
            Check.Equal(1L, all[0].Uses, "uses");
            Check.True(all[0].ThreadId > 0 && all[0].Age < TimeSpan.FromMinutes(5), "thread and age");
            Check.Equal(null, all[1].Idle, "for ever");
            Check.Equal(ulong.MaxValue, all[1].Type, "type");
            Check.Equal("Bücher 書 😀", all[2].Name, "name");
            Check.True(all[2].State == DispenserResourceState.Tracked && all[2].Resource == 0, "tracked");
            DispenserResourceInfo info = pool.GetResource(other.Resource);
            Check.True(info.Resource == other.Resource && info.Type == ulong.MaxValue, "one of them");

            one.Free();
            Check.Equal(DispenserResourceState.FreeEnlisted, pool.GetResource(one.Resource).State, "state");
            one = null;
            DispenserStatistics figures = pool.GetStatistics();
            Check.Equal("Open 0 1 0 1 1 0 0 0 0", string.Join(" ", figures.State,
                figures.FreeUnenlisted, figures.FreeEnlisted, figures.UsedUnenlisted, figures.UsedEnlisted,
                figures.Tracked, figures.AwaitingTransaction, figures.Creating, figures.Destroying,
                figures.WrittenOff), "what there is");
            Check.Equal("2 2 1 2 0 0 0 0 0", string.Join(" ", figures.PeakUsed, figures.Allocations, figures.Frees,
                figures.Creates, figures.CreateFailures, figures.Destroys, figures.DestroyFailures,
                figures.ResetFailures, figures.EnlistFailures), "what was done");
            Check.Equal(Result.Ok, figures.LastCreateResult, "what was created last");
            other.Destroy();
            Check.Equal(1, pool.GetStatistics().AwaitingTransaction, "waits for the end of its transaction");
            Notices.TransactionEnded(77, false);
            Check.Equal(1, driver.Destroyed, "destroyed");

            pool.Close();
            Check.Equal(DispenserState.Closed, pool.GetStatistics().State, "state");
            Check.Fails(Result.Closed, () => pool.Lease(1), "closed");
        }
    }

    private static void OptionsAreThoseGiven()
    {
        using (Dispenser pool = new Dispenser(new PlainDriver()))
        {
            DispenserOptions told = pool.GetOptions();
            Check.True(!told.AutoReclaim && !told.NoPooling && !told.ManualSweep, "no flags");
            Check.Equal(TimeSpan.FromSeconds(10), told.SweepInterval.Value, "every 10 s");
        }
        DispenserOptions given = new DispenserOptions
        {
            AutoReclaim = true,
            NoPooling = true,
            ManualSweep = true,
            SweepInterval = TimeSpan.FromMilliseconds(11),
            CallbackDeadline = TimeSpan.FromMilliseconds(12),
            DrainTimeout = TimeSpan.FromMilliseconds(13)
        };
        PlainDriver driver = new PlainDriver();
        using (Dispenser pool = new Dispenser(driver, null, given))
        {
            DispenserOptions told = pool.GetOptions();
            Check.True(told.AutoReclaim && told.NoPooling && told.ManualSweep, "all flags");
            Check.Equal("11 12 13", string.Join(" ", told.SweepInterval.Value.TotalMilliseconds,
                told.CallbackDeadline.Value.TotalMilliseconds, told.DrainTimeout.Value.TotalMilliseconds), "times");
            pool.Lease(1).Dispose();
            Check.Equal(1, driver.Destroyed, "nothing is pooled");
        }
        DispenserOptions none = new DispenserOptions { DrainTimeout = TimeSpan.Zero };
        Check.Throws<ArgumentOutOfRangeException>(() => new Dispenser(driver, null, none), "a time that means none");
    }

    private static void SweepsAreAtTheTimeGiven()
    {
        CountingDriver driver = new CountingDriver { WhenCreated = type => TimeSpan.FromSeconds(type) };
        using (Dispenser pool = new Dispenser(driver, null, new DispenserOptions { ManualSweep = true }))
        {
            Lease[] leases = { pool.Lease(1), pool.Lease(100) };
            foreach (Lease one in leases)
            {
                one.Dispose();
            }
            Check.Equal(Result.Ok, pool.Sweep(TimeSpan.FromMilliseconds(1)), "sweep");
            Check.Equal(Result.Ok, pool.Sweep(TimeSpan.FromMilliseconds(1000)), "sweep");
            Check.Equal(0, driver.Destroyed, "none yet");
            Check.Equal(Result.Ok, pool.Sweep(TimeSpan.FromMilliseconds(1001)), "sweep");
            Check.Equal(1, driver.Destroyed, "after a second");
            Check.Fails(Result.InvalidArg, () => pool.Sweep(TimeSpan.FromMilliseconds(1000)), "back in time");
            Check.Throws<ArgumentOutOfRangeException>(() => pool.Sweep(TimeSpan.Zero), "no time");
            Result inside = Result.Ok;
            driver.WhenReset = resource =>
            {
                inside = pool.Sweep();
                return Result.Ok;
            };
            pool.Lease(100).Dispose();
            Check.Equal(Result.False, inside, "inside a callback");
            Check.Equal(Result.Ok, pool.Sweep(), "by the system's clock");
        }
    }

    private static void WhatIsTrackedEndsWithItsObject()
    {
        CountingDriver driver = new CountingDriver();
        List<string> named = new List<string>();
        driver.WhenDestroyedByName = name =>
        {
            named.Add(name);
            return Result.Ok;
        };
        using (Dispenser pool = new Dispenser(driver))
        {
            using (Context.Enter(8, 0))
            {
                pool.Track(100);
                pool.Track("書 1");
            }
            pool.Track(101, 8, 0);
            pool.Track(102, 9, 0);
            Check.Fails(Result.InvalidArg, () => pool.Track(102), "known already");
            Check.Fails(Result.InvalidArg, () => pool.Track(""), "no name");
            Check.Fails(Result.InvalidArg, () => pool.Track(null), "no name");
            Notices.InstanceEnded(8);
            Check.Equal(2, driver.Destroyed, "destroyed");
            Check.Equal("書 1", named.Single(), "destroyed by name");
            pool.Untrack(102, false);
            Check.Equal(2, driver.Destroyed, "destroyed");
            pool.Track(102);
            pool.Untrack(102, true);
            Check.Equal(3, driver.Destroyed, "destroyed");
            pool.Track("2");
            pool.Untrack("2", true);
            Check.Equal(2, named.Count, "destroyed by name");
            Check.Fails(Result.InvalidArg, () => pool.Untrack("2", true), "not tracked");
            Check.Fails(Result.InvalidArg, () => pool.Untrack(102, true), "not tracked");
            Check.Fails(Result.InvalidArg, () => Notices.InstanceEnded(0), "no object");
        }
    }

    /// <summary>The end of an old lease must leave the new user's resource alone.</summary>
    private static void ALeaseOfWhatIsAnothersDoesNothing()
    {
        Action<Lease>[] ends =
        {
            one => one.Dispose(),
            one => Check.Fails(Result.InvalidArg, one.Free, "free"),
            one => Check.Fails(Result.InvalidArg, one.Destroy, "destroy")
        };
        foreach (Action<Lease> end in ends)
        {
            CountingDriver driver = new CountingDriver();
            using (Dispenser pool = new Dispenser(driver, null, new DispenserOptions { AutoReclaim = true }))
            {
                Lease old, mine;
                using (Context.Enter(3, 0))
                {
                    old = pool.Lease(1);
                }
                Notices.InstanceEnded(3);
                Check.Equal(DispenserResourceState.FreeUnenlisted, pool.GetResource(old.Resource).State, "reclaimed");
                mine = pool.Lease(1);
                Check.Equal(old.Resource, mine.Resource, "the same");
                end(old);
                Check.Equal(DispenserResourceState.UsedUnenlisted, pool.GetResource(mine.Resource).State, "it is mine");
                mine.Free();

                // Also where the new user has no lease.
                using (Context.Enter(3, 0))
                {
                    old = pool.Lease(1);
                }
                Notices.InstanceEnded(3);
                ulong raw = pool.Allocate(1);
                Check.Equal(old.Resource, raw, "the same");
                end(old);
                Check.Equal(DispenserResourceState.UsedUnenlisted, pool.GetResource(raw).State, "it is mine");

                // And where a new resource gets the number of one that somebody else destroyed.
                old = pool.Lease(2);
                pool.DestroyResource(old.Resource);
                pool.Track(old.Resource);
                end(old);
                Check.Fails(Result.InvalidArg, old.Free, "free");
                Check.Equal(DispenserResourceState.Tracked, pool.GetResource(old.Resource).State, "it is mine");
            }
            Check.Equal(null, driver.Fault, "fault");
        }
    }

    private static void ALeaseOfWhatWasReclaimed()
    {
        CountingDriver driver = new CountingDriver();
        using (Dispenser pool = new Dispenser(driver, null, new DispenserOptions { AutoReclaim = true }))
        {
            Lease[] old = new Lease[3];
            using (Context.Enter(3, 0))
            {
                for (int at = 0; at < old.Length; at++)
                {
                    old[at] = pool.Lease(1);
                }
            }
            Notices.InstanceEnded(3);
            // It stays in stock, unless it is found to be broken after all.
            old[0].Dispose();
            Check.Fails(Result.InvalidArg, old[1].Free, "free");
            Check.Equal(3, pool.GetStatistics().FreeUnenlisted, "in stock");
            old[2].Destroy();
            Check.Equal(2, pool.GetStatistics().FreeUnenlisted, "in stock");
            Check.Equal(3, driver.Resets, "resets");
        }
        Check.Equal(null, driver.Fault, "fault");
    }

    private static void ALeaseThatCannotBeReset()
    {
        CountingDriver driver = new CountingDriver { WhenReset = resource => Result.AccessDenied };
        using (Dispenser pool = new Dispenser(driver))
        {
            // Free says so, and leaves the choice.
            Lease lease = pool.Lease(1);
            Check.Fails(Result.Fail, lease.Free, "free");
            Check.Equal(DispenserResourceState.UsedUnenlisted, pool.GetResource(lease.Resource).State, "still in use");
            driver.WhenReset = resource => Result.Ok;
            lease.Free();
            Check.Equal(0, driver.Destroyed, "destroyed");

            // Dispose has it destroyed.
            driver.WhenReset = resource => Result.AccessDenied;
            pool.Lease(1).Dispose();
            Check.Equal(1, driver.Destroyed, "destroyed");
            Check.Equal(0, pool.GetResources().Count, "left");

            // What can be neither reset nor destroyed stays.
            driver.WhenDestroyed = resource => Result.AccessDenied;
            lease = pool.Lease(1);
            Check.Fails(Result.Fail, lease.Destroy, "destroy");
            lease.Dispose();
            Check.Equal(DispenserResourceState.UsedUnenlisted, pool.GetResource(lease.Resource).State, "still in use");
            driver.WhenDestroyed = resource => Result.Ok;
            pool.DestroyResource(lease.Resource);
            lease = pool.Lease(1);
            pool.DestroyResource(lease.Resource);
            Check.Equal("the resource was taken from this lease",
                Check.Fails(Result.InvalidArg, lease.Free, "free").Reason, "reason");
            Check.Equal("the lease has ended", Check.Fails(Result.InvalidArg, lease.Free, "free").Reason, "reason");

            // An end inside the end is none: the lease goes on, as the failure says.
            lease = pool.Lease(1);
            driver.WhenReset = resource =>
            {
                lease.Dispose();
                return Result.AccessDenied;
            };
            Check.Fails(Result.Fail, lease.Free, "free");
            lease.Dispose();
            Check.Equal(0, pool.GetResources().Count, "left");

            // One that its reset gives up is not destroyed twice.
            driver.WhenReset = resource =>
            {
                pool.DestroyResource(resource);
                return Result.Fail;
            };
            int before = driver.Destroyed;
            pool.Lease(1).Dispose();
            Check.Equal(before + 1, driver.Destroyed, "destroyed");

            // After the end it is its user's.
            lease = pool.Lease(1);
            pool.Close();
            lease.Dispose();
            Check.Equal(before + 1, driver.Destroyed, "destroyed");
        }
        Check.Equal(null, driver.Fault, "fault");
    }
}
