using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Wsrt;

/// <summary>Callbacks of drivers on many threads, also the library's, while garbage is collected.</summary>
internal static class PoolCallbacks
{
    internal static void Run()
    {
        OnTheSweeper();
        LeasesOfManyThreads();
        LeasesThatChangeHands();
        WhatIsOverdueIsReported();
    }

    /// <summary>What is idle goes by itself, on a thread of the library, while others allocate.</summary>
    private static void OnTheSweeper()
    {
        const int enough = 300;
        ConcurrentDictionary<int, bool> destroyers = new ConcurrentDictionary<int, bool>();
        ConcurrentDictionary<int, bool> users = new ConcurrentDictionary<int, bool>();
        CountingDriver driver = new CountingDriver { WhenCreated = type => TimeSpan.Zero };
        driver.WhenDestroyed = resource =>
        {
            destroyers[Thread.CurrentThread.ManagedThreadId] = true;
            return new Result(new byte[1000].Length - 1000);
        };
        DispenserOptions options = new DispenserOptions { SweepInterval = TimeSpan.FromMilliseconds(1) };
        using (new Collecting())
        using (Dispenser pool = new Dispenser(driver, "idle", options))
        {
            Check.Together(Enumerable.Range(0, 3).Select(thread => (Action)(() =>
            {
                users[Thread.CurrentThread.ManagedThreadId] = true;
                while (Volatile.Read(ref driver.Destroyed) < enough)
                {
                    pool.Lease((ulong)thread + 1).Dispose();
                    Thread.Sleep(0);
                }
            })).ToArray());
            Check.True(destroyers.Keys.Any(one => !users.ContainsKey(one)), "on a thread of the library");
            Check.True(!destroyers.Keys.Any(users.ContainsKey), "on no thread of a user");
            Check.Until(() => pool.GetResources().Count == 0);
        }
        Exact(driver);
    }

    private static void Exact(CountingDriver driver)
    {
        Check.Equal(null, driver.Fault, "fault");
        Check.Equal(driver.Made, driver.Destroyed, "destroyed");
        Check.Equal(0, driver.Alive.Count, "alive");
        Check.Equal(1, driver.Releases, "releases");
    }

    private static void LeasesOfManyThreads()
    {
        const int rounds = 2000;
        CountingDriver driver = new CountingDriver();
        ConcurrentDictionary<ulong, int> users = new ConcurrentDictionary<ulong, int>();
        using (Dispenser pool = new Dispenser(driver))
        {
            using (new Collecting())
            {
                Check.Together(Enumerable.Range(0, 4).Select(thread => (Action)(() =>
                {
                    for (int round = 0; round < rounds; round++)
                    {
                        using (Lease lease = pool.Lease((ulong)(round % 2 + 1)))
                        {
                            Check.True(users.TryAdd(lease.Resource, thread), "nobody else uses it");
                            users.TryRemove(lease.Resource, out int user);
                            if (round % 50 == 0)
                            {
                                lease.Destroy();
                            }
                        }
                    }
                })).ToArray());
            }
            DispenserStatistics figures = pool.GetStatistics();
            Check.Equal(4L * rounds, figures.Allocations, "allocations");
            Check.Equal(0, figures.UsedUnenlisted, "in use");
            Check.True(driver.Made < rounds, "they are pooled");
        }
        Exact(driver);
    }

    /// <summary>Taken by one thread, used by another, given back by a third.</summary>
    private static void LeasesThatChangeHands()
    {
        const int many = 3000;
        CountingDriver driver = new CountingDriver();
        using (Dispenser pool = new Dispenser(driver))
        using (BlockingCollection<Lease> used = new BlockingCollection<Lease>(8))
        using (BlockingCollection<Lease> done = new BlockingCollection<Lease>(8))
        {
            using (new Collecting())
            {
                Check.Together(
                    () =>
                    {
                        for (int at = 0; at < many; at++)
                        {
                            used.Add(pool.Lease(1));
                        }
                        used.CompleteAdding();
                    },
                    () =>
                    {
                        foreach (Lease lease in used.GetConsumingEnumerable())
                        {
                            Check.True(driver.Alive.ContainsKey(lease.Resource), "it is there");
                            done.Add(lease);
                        }
                        done.CompleteAdding();
                    },
                    () =>
                    {
                        foreach (Lease lease in done.GetConsumingEnumerable())
                        {
                            Check.Together(lease.Dispose);
                        }
                    });
            }
            Check.Equal((long)many, pool.GetStatistics().Frees, "frees");
            Check.Equal(many, driver.Resets, "resets");
            Check.True(driver.Made <= 30, "they are pooled");

            // Of many who end the same lease one does it.
            for (int round = 0; round < 100; round++)
            {
                Lease lease = pool.Lease(1);
                Check.Together(lease.Dispose, lease.Dispose, lease.Dispose);
                Check.Equal(many + round + 1, driver.Resets, "resets");
            }
        }
        Exact(driver);
    }

    private static void WhatIsOverdueIsReported()
    {
        CountingDriver driver = new CountingDriver();
        ConcurrentQueue<string> reports = new ConcurrentQueue<string>();
        driver.WhenReported = (what, resource) => reports.Enqueue(what + " " + resource.Resource);
        DispenserOptions options = new DispenserOptions
        {
            SweepInterval = TimeSpan.FromMilliseconds(1),
            CallbackDeadline = TimeSpan.FromMilliseconds(20)
        };
        using (new Collecting())
        using (Dispenser pool = new Dispenser(driver, null, options))
        {
            Lease lease = pool.Lease(1);
            driver.WhenReset = resource =>
            {
                Check.Until(() => reports.Contains("WrittenOff " + resource));
                return Result.Ok;
            };
            WsrtException failure = Check.Fails(Result.Overdue, lease.Free, "overdue");
            Check.Equal(null, failure.InnerException, "nothing was thrown");
            Check.Until(() => reports.Contains("WrittenOffReturned " + lease.Resource));
            Check.Until(() => driver.Alive.IsEmpty);
            lease.Dispose();
        }
        Exact(driver);
    }
}
