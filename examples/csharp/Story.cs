// The story of five connections in two workspaces, and of a pool of sessions, in C#.
//
// Five clients register their connections. One is disconnected alone, then a whole workspace: there one client removes
// itself, one refuses, one turns out to be dead. Then a cookie and a runtime are used that name nothing any more.
//
// A resource dispenser keeps sessions of two types. They are created when none will do, rated, reset on their way back,
// kept apart while they are enlisted in a transaction, and destroyed when it is closed.
//
// Build and run it after `make library`, in the root of the repository:
//
//     mcs -langversion:7.2 -target:library -out:target/Wsrt.dll examples/csharp/Wsrt/*.cs
//     mcs -langversion:7.2 -r:target/Wsrt.dll -out:target/Story.exe examples/csharp/Story.cs
//     LD_LIBRARY_PATH=target/release mono target/Story.exe
//
// Every line is printed by what the library did: by a callback that it made, or from what it returned.
using System;
using System.Collections.Generic;
using Wsrt;

/// <summary>What this program knows of one of its connections, and what that answers to.</summary>
internal sealed class Connection : IWorkspaceClient
{
    internal readonly string Workspace;
    internal readonly string Name;
    internal Result Answer = Result.Ok; // to the order to disconnect
    internal bool RemovesItself; // while it carries out that order
    internal Registration Registration;

    internal Connection(string workspace, string name)
    {
        Workspace = workspace;
        Name = name;
    }

    public string GetResourceId()
    {
        Console.WriteLine("    {0} is asked for its workspace: {1}", Name, Workspace);
        return Workspace;
    }

    public string GetResourceDisplayName()
    {
        Console.WriteLine("    {0} is asked for its display name", Name);
        return Name;
    }

    public Result IssueDisconnect(uint cookie)
    {
        string known = cookie == Registration.Cookie ? "its own cookie" : "a cookie that it does not know";
        Console.WriteLine("    {0} is told to disconnect, by {1}", Name, known);
        if (RemovesItself)
        {
            // Inside a callback nothing waits: the release comes when this callback has returned.
            Story.Tell("    remove " + Name, Registration.Remove);
        }
        Console.WriteLine("    answer of {0}: {1}", Name, Answer);
        return Answer;
    }

    public void Released()
    {
        // The last that is heard of a registration.
        Console.WriteLine("    {0} is released", Name);
    }
}

/// <summary>What makes the sessions. A session is its number; its type is what it is good for.</summary>
internal sealed class Sessions : ResourceDriver
{
    internal const ulong Reports = 1, Orders = 2;
    private readonly List<ulong> types = new List<ulong>();

    internal static string Name(ulong type)
    {
        return type == Reports ? "reports" : "orders";
    }

    public override ulong Create(ulong type, ref TimeSpan idle)
    {
        types.Add(type);
        idle = TimeSpan.FromSeconds(60);
        Console.WriteLine("    session {0} is created for {1}", types.Count, Name(type));
        return (ulong)types.Count;
    }

    public override int Rate(ulong type, ulong session, bool requiresEnlistment)
    {
        int rating = types[(int)session - 1] == type ? Perfect : Unusable;
        Console.WriteLine("    session {0} is rated for {1}{2}: {3}", session, Name(type),
            requiresEnlistment ? ", to be enlisted" : "", rating);
        return rating;
    }

    public override Result Enlist(ulong session, ulong transaction)
    {
        Console.WriteLine("    session {0} is enlisted in transaction {1}", session, transaction);
        return Result.Ok;
    }

    public override Result Reset(ulong session)
    {
        Console.WriteLine("    session {0} is reset", session);
        return Result.Ok;
    }

    public override Result Destroy(ulong session)
    {
        Console.WriteLine("    session {0} is destroyed", session);
        return Result.Ok;
    }

    public override void Released()
    {
        Console.WriteLine("    the driver is released");
    }
}

internal static class Story
{
    /// <summary>Prints what a call returned or threw; gives back the library's text if it threw.</summary>
    internal static string Tell(string what, Func<Result> call)
    {
        Result result;
        string reason = "";
        try
        {
            result = call();
        }
        catch (WsrtException failure)
        {
            result = failure.Result;
            reason = failure.Reason;
        }
        Console.WriteLine("{0}: {1}", what, result);
        return reason;
    }

    /// <summary>The same for a call that has one kind of success.</summary>
    internal static string Tell(string what, Action call)
    {
        return Tell(what, () =>
        {
            call();
            return Result.Ok;
        });
    }

    private static void Add(WorkspaceRuntime runtime, Connection connection)
    {
        Tell("add " + connection.Name, () =>
        {
            connection.Registration = runtime.Add(connection);
            return Result.Ok;
        });
    }

    private static void List(WorkspaceRuntime runtime)
    {
        IReadOnlyList<ResourceInfo> resources = new ResourceInfo[0];
        Tell("list", () =>
        {
            resources = runtime.GetResources();
            foreach (ResourceInfo one in resources)
            {
                Console.WriteLine("    {0} in {1} is {2}, last result {3}", one.DisplayName, one.WorkspaceId,
                    one.State.ToString().ToLowerInvariant(), one.LastResult.Name);
            }
            return Result.Ok;
        });
        Console.WriteLine("registered: {0}", resources.Count);
    }

    private static void TellOfConnections()
    {
        Connection terminal = new Connection("lab", "Terminal");
        Connection plotter = new Connection("lab", "Plotter");
        Connection mail = new Connection("office", "Mail") { RemovesItself = true };
        Connection sheets = new Connection("office", "Sheets") { Answer = Result.AccessDenied };
        Connection viewer = new Connection("office", "Viewer") { Answer = Result.RpcDisconnected };
        WorkspaceRuntime runtime = null;
        Tell("create the runtime", () =>
        {
            runtime = new WorkspaceRuntime();
            return Result.Ok;
        });
        if (runtime == null)
        {
            return;
        }

        // Five connections open.
        foreach (Connection one in new[] { terminal, mail, sheets, viewer, plotter })
        {
            Add(runtime, one);
            if (one.Registration == null)
            {
                return;
            }
        }
        List(runtime);

        // One is disconnected alone. It stays registered until its connection is closed and it says so.
        Tell("disconnect " + terminal.Name, terminal.Registration.Disconnect);
        List(runtime);
        Tell("remove " + terminal.Name, terminal.Registration.Remove);

        // A workspace is disconnected. Each is told, whatever the others answer: Mail removes itself, Sheets refuses,
        // and Viewer, which is dead, is dropped. The refusal is the result.
        Tell("disconnect workspace office", () => runtime.DisconnectWorkspace("office"));
        List(runtime);

        // Who has not gone is told again.
        sheets.Answer = Result.Ok;
        sheets.RemovesItself = true;
        Tell("disconnect workspace office", () => runtime.DisconnectWorkspace("office"));

        // Nobody is left in that workspace, which is what was asked. But no name at all is no question.
        Tell("disconnect workspace office", () => runtime.DisconnectWorkspace("office"));
        string reason = Tell("disconnect workspace \"\"", () => runtime.DisconnectWorkspace(""));
        Console.WriteLine("    reason: {0}", reason);

        // Cookies of those who are gone name nothing, and never come to name somebody else.
        Tell("remove again " + mail.Name, mail.Registration.Remove);
        Tell("disconnect again " + viewer.Name, viewer.Registration.Disconnect);
        List(runtime);

        // The end of the runtime releases who is left, without disconnecting. Dispose, or `using`, would do it too.
        Tell("destroy the runtime", runtime.Destroy);

        // A runtime that has ended is known as such, in every function.
        reason = Tell("disconnect workspace " + plotter.Workspace,
            () => runtime.DisconnectWorkspace(plotter.Workspace));
        Console.WriteLine("    reason: {0}", reason);
        List(runtime);
        Tell("destroy the runtime", runtime.Destroy);
    }

    private static Lease Lease(Dispenser pool, ulong type, out string reason)
    {
        Lease lease = null;
        reason = Tell("alloc for " + Sessions.Name(type), () =>
        {
            lease = pool.Lease(type);
        });
        if (lease != null)
        {
            Console.WriteLine("    it is session {0}", lease.Resource);
        }
        return lease;
    }

    private static Lease Lease(Dispenser pool, ulong type)
    {
        return Lease(pool, type, out string reason);
    }

    private static void List(Dispenser pool)
    {
        Tell("list", () =>
        {
            foreach (DispenserResourceInfo one in pool.GetResources())
            {
                string state = one.State == DispenserResourceState.FreeUnenlisted ? "free"
                    : one.State == DispenserResourceState.FreeEnlisted ? "free, but enlisted"
                    : "in use";
                Console.WriteLine("    session {0} for {1} is {2}, uses {3}", one.Resource, Sessions.Name(one.Type),
                    state, one.Uses);
            }
        });
    }

    private static void TellOfSessions()
    {
        Dispenser pool = null;
        Tell("create the dispenser", () =>
        {
            // Time passes only when this program says so.
            pool = new Dispenser(new Sessions(), "sessions", new DispenserOptions { ManualSweep = true });
        });
        if (pool == null)
        {
            return;
        }

        // The first is created, and kept when it comes back. The next that wants one of its type gets it. A lease ends
        // in `using`, too; here each end is to be seen.
        Lease first = Lease(pool, Sessions.Reports);
        if (first == null)
        {
            return;
        }
        Tell("free", first.Free);
        first = Lease(pool, Sessions.Reports);

        // What is in use is offered to nobody; what does not fit is rated 0.
        Lease second = Lease(pool, Sessions.Orders);
        Tell("free", first.Free);
        Tell("free", second.Free);
        first = Lease(pool, Sessions.Reports);
        Tell("free", first.Free);

        // In a transaction a session is enlisted once, and then is for that transaction alone.
        ContextScope scope = null;
        Tell("enter transaction 7", () =>
        {
            scope = Context.Enter(0, 7);
        });
        first = Lease(pool, Sessions.Reports);
        Tell("free", first.Free);
        first = Lease(pool, Sessions.Reports);
        Tell("free", first.Free);
        Tell("leave transaction 7", scope.Dispose);
        second = Lease(pool, Sessions.Reports);
        List(pool);
        Tell("end transaction 7", () => Notices.TransactionEnded(7, true));
        Tell("free", second.Free);
        List(pool);

        // Nothing is given back twice, and no type is 0. A lease knows that it has ended; here the dispenser is asked.
        Tell("free", () => pool.Free(second.Resource));
        Lease(pool, 0, out string reason);
        Console.WriteLine("    reason: {0}", reason);

        // A broken one is taken out; what is idle for too long goes by itself.
        Tell("destroy the session", () => pool.DestroyResource(second.Resource));
        Tell("sweep", () => pool.Sweep(TimeSpan.FromSeconds(1)));
        Tell("sweep, 60 s later", () => pool.Sweep(TimeSpan.FromSeconds(61)));
        first = Lease(pool, Sessions.Orders);
        Tell("free", first.Free);
        DispenserStatistics statistics = null;
        Tell("count", () =>
        {
            statistics = pool.GetStatistics();
        });
        if (statistics != null)
        {
            Console.WriteLine("    allocs {0}, frees {1}, created {2}, destroyed {3}", statistics.Allocations,
                statistics.Frees, statistics.Creates, statistics.Destroys);
        }

        // The close destroys what is in stock and gives the driver back. Dispose, or `using`, would do it too.
        Tell("close the dispenser", pool.Close);
        Lease(pool, Sessions.Reports, out reason);
        Console.WriteLine("    reason: {0}", reason);
        Tell("destroy the dispenser", pool.Destroy);
        Lease(pool, Sessions.Reports, out reason);
        Console.WriteLine("    reason: {0}", reason);
    }

    private static int Main()
    {
        try
        {
            TellOfConnections();
            TellOfSessions();
            return 0;
        }
        catch (Exception why) when (why is NotSupportedException || why is DllNotFoundException)
        {
            Console.Error.WriteLine(why.Message);
            return 1;
        }
    }
}
