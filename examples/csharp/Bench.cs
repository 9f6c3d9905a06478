// What the calls cost from C#, in ns; the best of several rounds. Build and run it as Story.cs says.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using Wsrt;

internal static class Bench
{
    private sealed class Client : IWorkspaceClient
    {
        internal int Told;

        public string GetResourceId()
        {
            return "workspace";
        }

        public string GetResourceDisplayName()
        {
            return "name";
        }

        public Result IssueDisconnect(uint cookie)
        {
            Told += 1;
            return Result.Ok;
        }

        public void Released()
        {
        }
    }

    /// <summary>Only what it must do: types are values, nothing is to be reset.</summary>
    private class Plain : ResourceDriver
    {
        internal int Made;

        public override ulong Create(ulong type, ref TimeSpan idle)
        {
            Made += 1;
            return (ulong)Made;
        }

        public override Result Destroy(ulong resource)
        {
            return Result.Ok;
        }
    }

    private sealed class Careful : Plain
    {
        internal int Rated, Resets;

        public override int Rate(ulong type, ulong resource, bool requiresEnlistment)
        {
            Rated += 1;
            return Perfect;
        }

        public override Result Reset(ulong resource)
        {
            Resets += 1;
            return Result.Ok;
        }
    }

    private static void Best(string what, int operations, Action action)
    {
        double best = double.MaxValue;
        for (int round = 0; round < 7; round++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            action();
            best = Math.Min(best, watch.Elapsed.TotalMilliseconds * 1e6 / operations);
        }
        Console.WriteLine("{0,-29} {1,8:F0} ns", what, best);
    }

    private static void Main()
    {
        Runtimes();
        Plain plain = new Plain();
        Pools(plain, "");
        Careful careful = new Careful();
        Pools(careful, ", rate, reset");
        bool pooled = plain.Made == 1 && careful.Made == 1;
        if (!pooled || careful.Resets != 14 * Pooled || careful.Rated != careful.Resets - 1)
        {
            throw new InvalidOperationException("the pool did something else");
        }
    }

    private const int Pooled = 200000;

    private static void Pools(ResourceDriver driver, string with)
    {
        using (Dispenser pool = new Dispenser(driver))
        {
            Best("alloc + free" + with, Pooled, () =>
            {
                for (int at = 0; at < Pooled; at++)
                {
                    pool.Free(pool.Allocate(1));
                }
            });
            Best("lease + dispose" + with, Pooled, () =>
            {
                for (int at = 0; at < Pooled; at++)
                {
                    pool.Lease(1).Dispose();
                }
            });
        }
    }

    private static void Runtimes()
    {
        const int many = 100000, clients = 1000, rounds = 100;
        using (WorkspaceRuntime runtime = new WorkspaceRuntime())
        {
            Client client = new Client();
            Best("call that fails at once", 10000, () =>
            {
                for (int at = 0; at < 10000; at++)
                {
                    try
                    {
                        runtime.Disconnect(0);
                    }
                    catch (WsrtException)
                    {
                    }
                }
            });
            Best("add + remove", many, () =>
            {
                for (int at = 0; at < many; at++)
                {
                    runtime.Add(client).Remove();
                }
            });
            List<Registration> kept = new List<Registration>();
            for (int at = 0; at < clients; at++)
            {
                kept.Add(runtime.Add(client));
            }
            client.Told = 0;
            Best("callback in a fan-out", clients * rounds, () =>
            {
                for (int round = 0; round < rounds; round++)
                {
                    runtime.DisconnectWorkspace("workspace");
                }
            });
            Best("callback with its report", clients * rounds, () =>
            {
                for (int round = 0; round < rounds; round++)
                {
                    runtime.Disconnect(DisconnectSelection.All);
                }
            });
            Best("disconnect of one", many, () =>
            {
                for (int at = 0; at < many; at++)
                {
                    kept[0].Disconnect();
                }
            });
            if (client.Told != 7 * (2 * clients * rounds + many))
            {
                throw new InvalidOperationException("callbacks were lost");
            }
            Best("listing, per registration", clients * rounds, () =>
            {
                for (int round = 0; round < rounds; round++)
                {
                    runtime.GetResources();
                }
            });
            GC.KeepAlive(kept);
        }
    }
}
