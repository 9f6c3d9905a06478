using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading;
using Wsrt;

/// <summary>Who ends a dispenser and its leases, once, in time, and also where nobody does.</summary>
internal static class PoolLifetimes
{
    internal static void Run()
    {
        DisposedTwice();
        ClosedThenDisposed();
        DisposedInsideItsCallbacks();
        DisposedByManyAtOnce();
        DisposingWaits();
        ADriverLivesUntilItsRelease();
        WhatFailsToBeMadeIsNotHeld();
        DroppedLeasesGiveBack();
        ALeaseKeepsItsDispenser();
        DroppedDispensersEnd();
        FinalizersDoNotWait();
        AfterTheEnd();
    }

    private static void DisposedTwice()
    {
        CountingDriver driver = new CountingDriver();
        Dispenser pool = new Dispenser(driver);
        Lease held = pool.Lease(1);
        pool.Lease(2).Dispose();
        for (int time = 0; time < 2; time++)
        {
            pool.Dispose();
            Check.Equal(1, driver.Releases, "releases");
            Check.Equal(1, driver.Destroyed, "the stock is destroyed, what is in use is its user's");
        }
        held.Dispose();
        held.Dispose();
        Check.Equal(1, driver.Destroyed, "destroyed");
        Check.Equal(null, driver.Fault, "fault");
    }

    private static void ClosedThenDisposed()
    {
        CountingDriver driver = new CountingDriver();
        Dispenser pool = new Dispenser(driver);
        Lease held = pool.Lease(1);
        Check.Equal(Result.Ok, pool.CloseNoWait(), "closing");
        Check.Equal(1, driver.Releases, "releases");
        Check.Fails(Result.Closed, () => pool.Close(), "closing again");
        Check.Fails(Result.Closed, held.Free, "it is its user's");
        Check.Equal(0, driver.Resets, "resets");
        pool.Dispose();
        Check.Equal(1, driver.Releases, "releases");
    }

    private static void DisposedInsideItsCallbacks()
    {
        Func<CountingDriver, Action, string>[] places =
        {
            (driver, end) => { driver.WhenCreated = type => { end(); return TimeSpan.Zero; }; return "create"; },
            (driver, end) => { driver.WhenReset = resource => { end(); return Result.Ok; }; return "reset"; },
            (driver, end) => { driver.WhenDestroyed = resource => { end(); return Result.Ok; }; return "destroy"; },
            (driver, end) => { driver.WhenReleased = end; return "release"; }
        };
        foreach (Func<CountingDriver, Action, string> place in places)
        {
            CountingDriver driver = new CountingDriver();
            Dispenser pool = new Dispenser(driver);
            int early = 0;
            string what = place(driver, () =>
            {
                pool.Dispose();
                pool.Dispose();
                early += driver.Releases;
            });
            try
            {
                pool.Lease(1).Dispose();
                Check.True(what != "create", "an allocation that was disposed of succeeds");
            }
            catch (WsrtException failure)
            {
                Check.True(failure.Result == Result.Closed || failure.Result == Result.Handle, failure.Message);
            }
            pool.Dispose();
            Check.Equal(what == "release" ? 1 : 0, early, what + ": releases while it runs");
            Check.Equal(1, driver.Releases, what + ": releases");
            Check.Equal(driver.Made, driver.Destroyed, what + ": destroyed");
            Check.Equal(null, driver.Fault, what);
        }
    }

    private static void DisposedByManyAtOnce()
    {
        for (int round = 0; round < 200; round++)
        {
            CountingDriver driver = new CountingDriver();
            Dispenser pool = new Dispenser(driver);
            Lease lease = pool.Lease(1);
            Check.Together(lease.Dispose, pool.Dispose, pool.Dispose, lease.Dispose);
            Check.Equal(1, driver.Releases, "releases");
            Check.Equal(null, driver.Fault, "fault");
        }
    }

    private static void DisposingWaits()
    {
        CountingDriver driver = new CountingDriver();
        using (ManualResetEvent inside = new ManualResetEvent(false))
        using (ManualResetEvent leave = new ManualResetEvent(false))
        {
            Dispenser pool = new Dispenser(driver);
            Lease lease = pool.Lease(1);
            bool left = false, leftBefore = false;
            driver.WhenReset = resource =>
            {
                inside.Set();
                leave.WaitOne();
                left = true;
                return Result.Ok;
            };
            Check.Together(
                lease.Dispose,
                () =>
                {
                    inside.WaitOne();
                    pool.Dispose();
                    leftBefore = left && driver.Releases == 1;
                },
                () =>
                {
                    inside.WaitOne();
                    // Time to return too early.
                    Thread.Sleep(30);
                    leave.Set();
                });
            Check.True(leftBefore, "the callback has left and the driver is released when the end returns");
            Check.Equal(1, driver.Destroyed, "what came back late is destroyed");
        }
    }

    /// <summary>The library holds a driver that nobody else does; not a moment longer than it may call it.</summary>
    private static void ADriverLivesUntilItsRelease()
    {
        const int many = 50;
        List<WeakReference> drivers = new List<WeakReference>();
        List<Dispenser> pools = new List<Dispenser>();
        Check.Elsewhere(() =>
        {
            for (int at = 0; at < many; at++)
            {
                pools.Add(PoolOfNobodysDriver(drivers));
            }
        });
        for (int round = 0; round < 5; round++)
        {
            Check.Collect();
        }
        Check.True(drivers.All(one => one.IsAlive), "alive, for the library may call them");
        Check.Elsewhere(() =>
        {
            foreach (Dispenser pool in pools)
            {
                using (pool.Lease(1))
                {
                }
                pool.Close();
            }
        });
        // A collector that looks at stacks may take a few for alive.
        Check.Until(() => { Check.Collect(); return drivers.Count(one => one.IsAlive) < many / 10; });
        GC.KeepAlive(pools);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Dispenser PoolOfNobodysDriver(List<WeakReference> drivers)
    {
        PlainDriver driver = new PlainDriver();
        drivers.Add(new WeakReference(driver));
        return new Dispenser(driver);
    }

    private static void WhatFailsToBeMadeIsNotHeld()
    {
        List<WeakReference> drivers = new List<WeakReference>();
        Check.Elsewhere(() =>
        {
            for (int at = 0; at < 50; at++)
            {
                CountingDriver driver = new CountingDriver();
                drivers.Add(new WeakReference(driver));
                Check.Fails(Result.InvalidArg, () => new Dispenser(driver, new string('n', 5000)), "too long a name");
                Check.Equal(0, driver.Releases, "releases");
            }
        });
        Check.Until(() => { Check.Collect(); return drivers.Count(one => one.IsAlive) < 5; });
    }

    private static void DroppedLeasesGiveBack()
    {
        const int many = 300;
        CountingDriver driver = new CountingDriver();
        using (Dispenser pool = new Dispenser(driver))
        {
            Check.Elsewhere(() =>
            {
                for (int at = 0; at < many; at++)
                {
                    pool.Lease(1);
                }
            });
            Check.Until(() => { Check.Collect(); return pool.GetStatistics().UsedUnenlisted == 0; });
            Check.True(driver.Resets >= many, "each is given back");
            int resets = driver.Resets;
            Lease kept = pool.Lease(1);
            for (int round = 0; round < 5; round++)
            {
                Check.Collect();
            }
            Check.Equal(1, pool.GetStatistics().UsedUnenlisted, "what is kept is in use");
            kept.Dispose();
            Check.Equal(resets + 1, driver.Resets, "resets");

            // A driver that throws does not end the finalizer's thread.
            driver.WhenReset = resource => throw new InvalidOperationException();
            Check.Elsewhere(() => pool.Lease(1));
            Check.Until(() => { Check.Collect(); return driver.Destroyed == 1; });
        }
        Check.Equal(driver.Made, driver.Destroyed, "destroyed");
        Check.Equal(null, driver.Fault, "fault");
    }

    private static void ALeaseKeepsItsDispenser()
    {
        PlainDriver driver = new PlainDriver();
        Lease kept = null;
        Check.Elsewhere(() => kept = LeaseOfNobodysPool(driver));
        for (int round = 0; round < 5; round++)
        {
            Check.Collect();
        }
        Check.Equal(0, driver.Releases, "releases");
        kept.Free();
        kept = null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Lease LeaseOfNobodysPool(ResourceDriver driver)
    {
        return new Dispenser(driver).Lease(1);
    }

    private static void DroppedDispensersEnd()
    {
        const int many = 50;
        CountingDriver[] drivers = Enumerable.Range(0, many).Select(at => new CountingDriver()).ToArray();
        // What the library calls them says whether they are still there; it keeps nothing alive.
        List<IntPtr> names = new List<IntPtr>();
        FieldInfo handle = typeof(Dispenser).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic);
        Check.Elsewhere(() =>
        {
            foreach (CountingDriver driver in drivers)
            {
                Dispenser pool = new Dispenser(driver);
                names.Add(((DispenserHandle)handle.GetValue(pool)).Name);
                Lease dropped = pool.Lease(1);
                using (pool.Lease(1))
                {
                }
                GC.KeepAlive(dropped);
            }
        });
        Check.Until(() =>
        {
            Check.Collect();
            return names.All(one => Native.dispenser_close_nowait(one) == Result.Handle.Code);
        });
        foreach (CountingDriver driver in drivers)
        {
            Check.Equal(1, driver.Releases, "releases");
            // The lease is finalized before its dispenser, which then destroys what it gave back.
            Check.Equal(driver.Made, driver.Destroyed, "destroyed");
            Check.Equal(null, driver.Fault, "fault");
        }
    }

    private static void FinalizersDoNotWait()
    {
        CountingDriver driver = new CountingDriver();
        IntPtr name = IntPtr.Zero;
        FieldInfo handle = typeof(Dispenser).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic);
        using (ManualResetEvent inside = new ManualResetEvent(false))
        using (ManualResetEvent leave = new ManualResetEvent(false))
        {
            driver.WhenCreated = type =>
            {
                inside.Set();
                leave.WaitOne();
                return TimeSpan.Zero;
            };
            Check.Elsewhere(() =>
            {
                Dispenser pool = new Dispenser(driver);
                name = ((DispenserHandle)handle.GetValue(pool)).Name;
            });
            // With the name alone: the call keeps nothing alive.
            Thread user = new Thread(() =>
            {
                UIntPtr resource = UIntPtr.Zero;
                Native.dispenser_alloc_resource(name, (UIntPtr)1, ref resource);
            });
            user.Start();
            inside.WaitOne();
            Native.dispenser_stats figures = new Native.dispenser_stats
            {
                cb_size = Native.Size<Native.dispenser_stats>.Bytes
            };
            Check.Until(() =>
            {
                Check.Collect();
                return Native.dispenser_get_stats(name, ref figures) == Result.Handle.Code;
            });
            Check.Equal(0, driver.Releases, "releases while the callback runs");
            leave.Set();
            user.Join();
            Check.Equal(1, driver.Releases, "releases");
            Check.Equal(1, driver.Destroyed, "what came late is destroyed");
        }
    }

    private static void AfterTheEnd()
    {
        CountingDriver driver = new CountingDriver();
        Dispenser pool = new Dispenser(driver);
        Lease one = pool.Lease(1), other = pool.Lease(1);
        Check.Equal(Result.Ok, pool.DestroyNoWait(), "destroying");
        Check.Equal(1, driver.Releases, "releases");
        Action[] calls =
        {
            () => pool.Lease(1), () => pool.Allocate(1), () => pool.Free(1), () => pool.DestroyResource(1),
            () => pool.Track(1), () => pool.Track(1, 1, 0), () => pool.Track("1"), () => pool.Untrack(1, true),
            () => pool.Untrack("1", true), () => pool.Sweep(), () => pool.GetStatistics(), () => pool.GetOptions(),
            () => pool.GetResource(1), () => pool.GetResources(), () => pool.Close(), () => pool.CloseNoWait(),
            () => pool.Destroy(), () => pool.DestroyNoWait(), one.Free, other.Destroy
        };
        foreach (Action call in calls)
        {
            Check.True(Check.Fails(Result.Handle, call, "after the end").Reason != "", "it says why");
        }
        one.Dispose();
        pool.Dispose();
        Check.Equal(1, driver.Releases, "releases");
        Check.Equal(null, driver.Fault, "fault");
    }
}
