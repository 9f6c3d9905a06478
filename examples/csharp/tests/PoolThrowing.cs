using System;
using System.Collections.Generic;
using System.Linq;
using Wsrt;

/// <summary>Exceptions of drivers: none crosses the border, all are offered, and calls know their cause.</summary>
internal static class PoolThrowing
{
    private sealed class Planted : Exception
    {
        internal Planted(string message)
            : base(message)
        {
        }
    }

    private static readonly List<CallbackErrorEventArgs> caught = new List<CallbackErrorEventArgs>();

    internal static void Run()
    {
        CallbackErrors.Caught += (sender, error) =>
        {
            lock (caught)
            {
                caught.Add(error);
            }
        };
        Creating();
        Rating();
        Enlisting();
        Resetting();
        Destroying();
        DestroyingOnTheWay();
        OnTheSweeper();
        Nested();
        Releasing();
    }

    /// <summary>Exactly this was offered since the last time.</summary>
    private static void Offered(CountingDriver driver, params string[] callbacks)
    {
        lock (caught)
        {
            Check.Equal(string.Join(" ", callbacks), string.Join(" ", caught.Select(one => one.Callback)), "offered");
            Check.True(caught.All(one => one.Target == driver && one.Exception != null), "what it was");
            caught.Clear();
        }
    }

    private static void Cause(Exception expected, Result result, Action call, string what)
    {
        Check.Equal(expected, Check.Fails(result, call, what).InnerException, what);
    }

    private static void Creating()
    {
        Planted planted = new Planted("create");
        CountingDriver driver = new CountingDriver { WhenCreated = type => throw planted };
        using (Dispenser pool = new Dispenser(driver))
        {
            Cause(planted, Result.Fail, () => pool.Lease(1), "create");
            Offered(driver, "create_resource");
            driver.WhenCreated = type => throw new WsrtException(Result.AccessDenied, "no");
            WsrtException failure = Check.Fails(Result.AccessDenied, () => pool.Allocate(1), "create");
            Check.True(failure.InnerException is WsrtException, "cause");
            Offered(driver, "create_resource");
            Check.Equal(2L, pool.GetStatistics().CreateFailures, "failures");
            // The next call has nothing to do with it.
            Cause(null, Result.InvalidArg, () => pool.Lease(0), "no type");
            driver.WhenCreated = type => TimeSpan.Zero;
            pool.Lease(1).Dispose();
            Offered(driver);
        }
    }

    private static void Rating()
    {
        CountingDriver driver = new CountingDriver();
        using (Dispenser pool = new Dispenser(driver))
        {
            pool.Lease(1).Dispose();
            driver.WhenRated = (type, resource) => throw new Planted("rate");
            pool.Lease(1).Dispose();
            Offered(driver, "rate_resource");
            Check.Equal(2, driver.Made, "what cannot be rated is unusable");
            foreach (int none in new[] { -1, int.MinValue, 101, int.MaxValue })
            {
                driver.WhenRated = (type, resource) => none;
                int before = driver.Made;
                pool.Lease(1).Dispose();
                Check.Equal(before + 1, driver.Made, "what is no rating is unusable: " + none);
            }
            // It is no cause of what fails later in the same call, even with the same code.
            driver.WhenRated = (type, resource) => throw new Planted("rate");
            driver.WhenCreated = type => throw new WsrtException(Result.Fail, "full");
            WsrtException failure = Check.Fails(Result.Fail, () => pool.Lease(1), "create");
            Check.True(failure.InnerException is WsrtException, "cause");
            caught.Clear();
        }
    }

    private static void Enlisting()
    {
        Planted planted = new Planted("enlist");
        CountingDriver driver = new CountingDriver { WhenEnlisted = (resource, transaction) => throw planted };
        using (Dispenser pool = new Dispenser(driver))
        using (Context.Enter(0, 201))
        {
            Cause(planted, Result.Fail, () => pool.Lease(1), "enlist");
            // For the transaction, then for none.
            Offered(driver, "enlist_resource", "enlist_resource");
            Check.Equal(1, driver.Destroyed, "destroyed");
            driver.WhenEnlisted = (resource, transaction) => throw new WsrtException(Result.AccessDenied, "no");
            WsrtException failure = Check.Fails(Result.Fail, () => pool.Lease(1), "enlist");
            Check.True(failure.InnerException is WsrtException inner && inner.Result == Result.AccessDenied, "cause");
            // The first is the cause, not what is tried after it.
            driver.WhenEnlisted = (resource, transaction) => transaction == 0 ? throw planted : Result.AccessDenied;
            Cause(null, Result.Fail, () => pool.Lease(1), "enlist");
            driver.WhenEnlisted = (resource, transaction) => Result.MtxdmEnlistResourceFailed;
            Cause(null, Result.MtxdmEnlistResourceFailed, () => pool.Lease(1), "enlist");
            caught.Clear();
            driver.WhenEnlisted = (resource, transaction) => throw planted;
            Cause(planted, Result.Fail, () => pool.Track(77), "enlist");
            Cause(planted, Result.Fail, () => pool.Track(77, 0, 201), "enlist");
            Notices.TransactionEnded(201, true);
            caught.Clear();
        }
    }

    private static void Resetting()
    {
        Planted planted = new Planted("reset");
        CountingDriver driver = new CountingDriver { WhenReset = resource => throw planted };
        using (Dispenser pool = new Dispenser(driver))
        {
            Lease lease = pool.Lease(1);
            Cause(planted, Result.Fail, lease.Free, "reset");
            Cause(planted, Result.Fail, () => pool.Free(lease.Resource), "reset");
            Offered(driver, "reset_resource", "reset_resource");
            driver.WhenReset = resource => throw new WsrtException(Result.Timeout, "slow");
            Check.True(Check.Fails(Result.Fail, lease.Free, "reset").InnerException is WsrtException, "cause");
            driver.WhenReset = resource => Result.AccessDenied;
            Cause(null, Result.Fail, lease.Free, "reset");
            caught.Clear();
            driver.WhenReset = resource => throw planted;
            lease.Dispose();
            Offered(driver, "reset_resource");
            Check.Equal(1, driver.Destroyed, "destroyed instead");
        }
    }

    /// <summary>What has to be destroyed on the way is not what made the call fail.</summary>
    private static void DestroyingOnTheWay()
    {
        Planted planted = new Planted("create");
        CountingDriver driver = new CountingDriver();
        using (Dispenser pool = new Dispenser(driver))
        {
            pool.Lease(1).Dispose();
            driver.WhenRated = (type, resource) =>
            {
                pool.DestroyResource(resource);
                return ResourceDriver.Unusable;
            };
            driver.WhenDestroyed = resource => throw new Planted("destroy");
            driver.WhenCreated = type => throw planted;
            Cause(planted, Result.Fail, () => pool.Lease(1), "create");
            Offered(driver, "destroy_resource", "create_resource");
        }
    }

    private static void Destroying()
    {
        Planted planted = new Planted("destroy");
        CountingDriver driver = new CountingDriver
        {
            WhenDestroyed = resource => throw planted,
            WhenDestroyedByName = name => throw planted
        };
        using (Dispenser pool = new Dispenser(driver, null, new DispenserOptions { ManualSweep = true }))
        {
            Lease lease = pool.Lease(1);
            Cause(planted, Result.Fail, lease.Destroy, "destroy");
            Cause(planted, Result.Fail, () => pool.DestroyResource(lease.Resource), "destroy");
            lease.Free();
            pool.Track(77);
            Cause(planted, Result.Fail, () => pool.Untrack(77, true), "destroy");
            pool.Track("77");
            Cause(planted, Result.Fail, () => pool.Untrack("77", true), "destroy");
            Offered(driver, "destroy_resource", "destroy_resource", "destroy_resource", "destroy_resource_s");
            pool.Track(77, 202, 0);
            Notices.InstanceEnded(202);
            Offered(driver, "destroy_resource");
            Check.Equal(Result.Ok, pool.Close(), "closing, whatever the driver answers");
            Offered(driver, "destroy_resource");
        }
    }

    /// <summary>There nobody is to be told but the event; and the thread goes on.</summary>
    private static void OnTheSweeper()
    {
        CountingDriver driver = new CountingDriver { WhenCreated = type => TimeSpan.Zero };
        driver.WhenDestroyed = resource => throw new Planted("destroy");
        driver.WhenReported = (what, resource) => throw new Planted("report");
        DispenserOptions options = new DispenserOptions
        {
            SweepInterval = TimeSpan.FromMilliseconds(1),
            CallbackDeadline = TimeSpan.FromMilliseconds(10)
        };
        using (Dispenser pool = new Dispenser(driver, null, options))
        {
            for (int round = 1; round <= 3; round++)
            {
                pool.Lease(1).Dispose();
                Check.Until(() => { lock (caught) { return caught.Count == round; } });
            }
            Offered(driver, "destroy_resource", "destroy_resource", "destroy_resource");
            driver.WhenReset = resource =>
            {
                Check.Until(() => { lock (caught) { return caught.Any(one => one.Callback == "report"); } });
                return Result.Ok;
            };
            Check.Fails(Result.Overdue, pool.Lease(1).Free, "overdue");
        }
        lock (caught)
        {
            caught.Clear();
        }
    }

    /// <summary>What a call inside a callback throws is the cause of the call outside, if it is let out.</summary>
    private static void Nested()
    {
        Planted planted = new Planted("inner");
        CountingDriver inner = new CountingDriver { WhenCreated = type => throw planted };
        CountingDriver outer = new CountingDriver();
        using (Dispenser below = new Dispenser(inner))
        using (Dispenser above = new Dispenser(outer))
        {
            outer.WhenCreated = type =>
            {
                below.Lease(1);
                return TimeSpan.Zero;
            };
            WsrtException failure = Check.Fails(Result.Fail, () => above.Lease(1), "nested");
            WsrtException cause = failure.InnerException as WsrtException;
            Check.True(cause != null && cause.InnerException == planted, "the cause of the cause");

            // What is dealt with inside, also by a Dispose, is no cause outside.
            inner.WhenCreated = type => TimeSpan.Zero;
            inner.WhenReset = resource => throw planted;
            Lease lease = below.Lease(1);
            outer.WhenCreated = type => TimeSpan.Zero;
            Lease held = above.Lease(1);
            outer.WhenReset = resource =>
            {
                lease.Dispose();
                return Result.Fail;
            };
            Cause(null, Result.Fail, held.Free, "nested");
            outer.WhenReset = resource => Result.Ok;
            held.Dispose();
        }
        lock (caught)
        {
            caught.Clear();
        }
    }

    private static void Releasing()
    {
        CountingDriver driver = new CountingDriver { WhenReleased = () => throw new Planted("release") };
        Dispenser pool = new Dispenser(driver);
        Check.Equal(Result.Ok, pool.Close(), "closing");
        Offered(driver, "release");
        Check.Equal(Result.Ok, pool.Destroy(), "destroying");
        Check.Equal(1, driver.Releases, "releases");
        Offered(driver);
    }
}
