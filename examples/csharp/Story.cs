// The story of five connections in two workspaces, in C#.
//
// Five clients register their connections. One is disconnected alone, then a whole workspace: there one client removes
// itself, one refuses, one turns out to be dead. Then a cookie and a runtime are used that name nothing any more.
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

    private static void Tell()
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
        reason = Tell("disconnect workspace " + plotter.Workspace, () => runtime.DisconnectWorkspace(plotter.Workspace));
        Console.WriteLine("    reason: {0}", reason);
        List(runtime);
        Tell("destroy the runtime", runtime.Destroy);
    }

    private static int Main()
    {
        try
        {
            Tell();
            return 0;
        }
        catch (Exception why) when (why is NotSupportedException || why is DllNotFoundException)
        {
            Console.Error.WriteLine(why.Message);
            return 1;
        }
    }
}
