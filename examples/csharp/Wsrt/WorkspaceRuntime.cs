using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>A workspace runtime: who is connected, and the way to disconnect them.</summary>
    /// <remarks>
    /// <para>
    /// Any thread may call anything, also inside any callback, on any object. Calls that wait for callbacks say so: do
    /// not make them holding a lock that a callback takes, nor on a thread that a callback waits for.
    /// </para>
    /// <para>
    /// A failing call throws a <see cref="WsrtException"/>. What every call may fail with is not repeated below:
    /// <see cref="Result.Handle"/>: the runtime has ended; <see cref="Result.Forked"/>: it was inherited by fork();
    /// <see cref="Result.Unexpected"/>: a fault inside the library. A string with a NUL inside, or one that is not
    /// Unicode, is an <see cref="ArgumentException"/>.
    /// </para>
    /// <para>
    /// Dispose ends it and waits; one that is dropped ends, without waiting, when the garbage collector finds it and
    /// all its registrations and subscriptions dropped. Those that live at the end of the process end then, without
    /// waiting.
    /// </para>
    /// </remarks>
    public sealed class WorkspaceRuntime : IDisposable
    {
        private readonly RuntimeHandle handle = new RuntimeHandle();
        private readonly FanOuts fanOuts = new FanOuts();
        private readonly bool usesThreads;

        /// <summary>Makes a runtime in this process, with default settings.</summary>
        /// <exception cref="WsrtException">
        /// <see cref="Result.Fail"/>: the system gives no random numbers; <see cref="Result.OutOfMemory"/>.
        /// </exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        /// <exception cref="DllNotFoundException">There is no library.</exception>
        public WorkspaceRuntime()
            : this(new RuntimeOptions())
        {
        }

        /// <summary>Makes a runtime.</summary>
        /// <param name="options">Its settings, copied.</param>
        /// <exception cref="ArgumentNullException">There are no options.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An option cannot be.</exception>
        /// <exception cref="WsrtException">
        /// <see cref="Result.Fail"/>: the system gives no random numbers; <see cref="Result.OutOfMemory"/>;
        /// <see cref="Result.NotImpl"/>: an option is not offered.
        /// </exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        /// <exception cref="DllNotFoundException">There is no library.</exception>
        public WorkspaceRuntime(RuntimeOptions options)
        {
            if (options == null)
            {
                throw new ArgumentNullException(nameof(options));
            }
            Library.MustBeCompatible();
            Native.ws_runtime_options native = options.ToNative();
            IntPtr name = IntPtr.Zero;
            Call call = Call.Begin();
            int code = Native.ws_runtime_create(ref native, ref name);
            call.End(code);
            handle.Own(name);
            usesThreads = native.disconnect_threads > 0;
        }

        // ---- registrations ----

        /// <summary>Registers a live connection.</summary>
        /// <remarks>
        /// Asks the client for its id and its name on this thread, and tells observers. It may be told to disconnect
        /// before this returns.
        /// </remarks>
        /// <param name="client">Held by the library until <see cref="IWorkspaceClient.Released"/>.</param>
        /// <returns>The registration, the caller's: it has to be kept.</returns>
        /// <exception cref="ArgumentNullException">There is no client.</exception>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: the client has no id; <see cref="Result.OutOfMemory"/>: also with 8,388,608
        /// registrations live; or what the client threw, which is the inner exception. The client is then not held, and
        /// not released.
        /// </exception>
        public Registration Add(IWorkspaceClient client)
        {
            ClientTable table = TableOf(client);
            Native.ws_client native = table.ToNative(out GCHandle held);
            uint cookie = 0;
            Call call = Call.Begin();
            int code = Native.ws_add_resource(handle.Name, ref native, ref cookie);
            return Added(call, code, held, table, cookie);
        }

        /// <summary>Registers a live connection, with what helps diagnosis.</summary>
        /// <param name="client">As in <see cref="Add(IWorkspaceClient)"/>.</param>
        /// <param name="eventLogUploadAddress">Kept for diagnosis only; at most 4,096 bytes; may be null.</param>
        /// <param name="correlationId">The session's id, shown in <see cref="ResourceInfo.CorrelationId"/>.</param>
        /// <returns>As <see cref="Add(IWorkspaceClient)"/>.</returns>
        /// <exception cref="ArgumentNullException">There is no client.</exception>
        /// <exception cref="WsrtException">As <see cref="Add(IWorkspaceClient)"/>.</exception>
        public Registration Add(IWorkspaceClient client, string eventLogUploadAddress, Guid correlationId)
        {
            byte[] address = Text.ToNative(eventLogUploadAddress, nameof(eventLogUploadAddress));
            ClientTable table = TableOf(client);
            Native.ws_client native = table.ToNative(out GCHandle held);
            uint cookie = 0;
            Call call = Call.Begin();
            int code = Native.ws_add_resource_ex(handle.Name, ref native, address, ref correlationId, ref cookie);
            return Added(call, code, held, table, cookie);
        }

        /// <summary>Registers a live connection without a class for it.</summary>
        /// <param name="workspaceId">The id of its workspace.</param>
        /// <param name="displayName">Its name to show; may be null.</param>
        /// <param name="issueDisconnect">As <see cref="IWorkspaceClient.IssueDisconnect"/>.</param>
        /// <param name="released">As <see cref="IWorkspaceClient.Released"/>; may be null.</param>
        /// <returns>As <see cref="Add(IWorkspaceClient)"/>.</returns>
        /// <exception cref="ArgumentNullException">There is nothing to disconnect with.</exception>
        /// <exception cref="WsrtException">As <see cref="Add(IWorkspaceClient)"/>.</exception>
        public Registration Add(
            string workspaceId, string displayName, Func<uint, Result> issueDisconnect, Action released = null)
        {
            if (issueDisconnect == null)
            {
                throw new ArgumentNullException(nameof(issueDisconnect));
            }
            return Add(new DelegateClient(workspaceId, displayName, issueDisconnect, released));
        }

        /// <summary>Says that a registered connection is gone.</summary>
        /// <remarks>
        /// Waits, outside callbacks, until no callback of the client runs. The client is released on this thread, or by
        /// the last that leaves it; observers are told.
        /// </remarks>
        /// <param name="cookie">The registration.</param>
        /// <returns>
        /// <see cref="Result.Ok"/>: nothing of the client runs or will, and it has been released;
        /// <see cref="Result.Deferred"/>: inside a callback, or the drain timeout ran out, while a callback of it runs.
        /// </returns>
        /// <exception cref="WsrtException"><see cref="Result.InvalidArg"/>: there is no such registration.</exception>
        public Result Remove(uint cookie)
        {
            Call call = Call.Begin();
            return Ended(call, Native.ws_remove_resource(handle.Name, cookie));
        }

        /// <summary>Says that a registered connection is gone, like <see cref="Remove(uint)"/>.</summary>
        /// <param name="cookie">The registration.</param>
        /// <param name="correlationId">Accepted and not looked at.</param>
        /// <returns>As <see cref="Remove(uint)"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="Remove(uint)"/>.</exception>
        public Result Remove(uint cookie, Guid correlationId)
        {
            Call call = Call.Begin();
            return Ended(call, Native.ws_remove_resource_ex(handle.Name, cookie, ref correlationId));
        }

        /// <summary>Says that a registered connection is gone, but never waits.</summary>
        /// <param name="cookie">The registration.</param>
        /// <returns>As <see cref="Remove(uint)"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="Remove(uint)"/>.</exception>
        public Result RemoveNoWait(uint cookie)
        {
            Call call = Call.Begin();
            return Ended(call, Native.ws_remove_resource_nowait(handle.Name, cookie));
        }

        /// <summary>Lists every registration, oldest first, as they are at one moment.</summary>
        /// <returns>The list, the caller's.</returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.Abort"/>: the runtime was destroyed meanwhile; <see cref="Result.OutOfMemory"/>.
        /// </exception>
        public IReadOnlyList<ResourceInfo> GetResources()
        {
            Visitor<ResourceInfo> visitor = new Visitor<ResourceInfo>(ResourceInfo.FromNative);
            GCHandle held = GCHandle.Alloc(visitor);
            try
            {
                Call call = Call.Begin();
                Ended(call, Native.ws_enum_resources(handle.Name, Visitor.Function, GCHandle.ToIntPtr(held)));
            }
            finally
            {
                held.Free();
            }
            return visitor.Seen;
        }

        // ---- disconnecting ----

        /// <summary>Disconnects one registered connection.</summary>
        /// <remarks>
        /// Calls its <see cref="IWorkspaceClient.IssueDisconnect"/>, on this thread or on one of the library's; observers
        /// are told. The registration stays until the client removes it. May be repeated.
        /// </remarks>
        /// <param name="cookie">The registration.</param>
        /// <returns>
        /// <see cref="Result.Ok"/>: told, and it answered with success, or was dead and has been dropped;
        /// <see cref="Result.False"/>: it is being told already.
        /// </returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: there is no such registration; <see cref="Result.Timeout"/>: it did not
        /// answer in time; <see cref="Result.Abort"/>: the runtime was destroyed meanwhile; or what the client answered,
        /// with what it threw as the inner exception.
        /// </exception>
        public Result Disconnect(uint cookie)
        {
            FanOut fanOut = BeginFanOut(DisconnectSelection.Resource(cookie));
            Call call = Call.Begin();
            return EndFanOut(call, fanOut, Native.ws_disconnect_resource(handle.Name, cookie));
        }

        /// <summary>Disconnects every registered connection of a workspace.</summary>
        /// <remarks>
        /// Calls <see cref="IWorkspaceClient.IssueDisconnect"/> of each, oldest first, on this thread or on those of the
        /// library; the others are called whatever one answers. Those registered meanwhile are not called.
        /// </remarks>
        /// <param name="workspaceId">The id, compared byte by byte.</param>
        /// <returns>
        /// <see cref="Result.Ok"/>: all answered with success, or were dead and have been dropped, or there is none;
        /// <see cref="Result.False"/>: all are being told already; <see cref="Result.Deferred"/>: inside a disconnect of
        /// the same connections, which goes on.
        /// </returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: the id is null, empty or too long; <see cref="Result.Timeout"/>: one did not
        /// answer in time; <see cref="Result.Abort"/>: the runtime was destroyed meanwhile; or the failure of the oldest
        /// registration that failed, with what it threw as the inner exception.
        /// </exception>
        public Result DisconnectWorkspace(string workspaceId)
        {
            byte[] id = Text.ToNative(workspaceId, nameof(workspaceId));
            FanOut fanOut = BeginFanOut(DisconnectSelection.Workspace(workspaceId));
            Call call = Call.Begin();
            return EndFanOut(call, fanOut, Native.ws_disconnect_workspace(handle.Name, id));
        }

        /// <summary>Disconnects every registered connection with a display name.</summary>
        /// <remarks>As <see cref="DisconnectWorkspace"/>.</remarks>
        /// <param name="friendlyName">The name, compared byte by byte.</param>
        /// <returns>As <see cref="DisconnectWorkspace"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="DisconnectWorkspace"/>.</exception>
        public Result DisconnectWorkspaceByFriendlyName(string friendlyName)
        {
            byte[] name = Text.ToNative(friendlyName, nameof(friendlyName));
            FanOut fanOut = BeginFanOut(DisconnectSelection.FriendlyName(friendlyName));
            Call call = Call.Begin();
            return EndFanOut(call, fanOut, Native.ws_disconnect_workspace_by_friendly_name(handle.Name, name));
        }

        /// <summary>Disconnects whom a selection names and reports on each.</summary>
        /// <remarks>
        /// As <see cref="DisconnectWorkspace"/>, but the failure of a client is no exception here: it is in its report,
        /// and in <see cref="DisconnectReports.Error"/>.
        /// </remarks>
        /// <param name="selection">Whom.</param>
        /// <param name="deadline">
        /// How long to wait for each, on threads of the library; null: as the runtime's options say;
        /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: without limit.
        /// </param>
        /// <returns>The reports, the caller's.</returns>
        /// <exception cref="ArgumentNullException">There is no selection.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The deadline cannot be.</exception>
        /// <exception cref="WsrtException">
        /// Where there is nobody to report on: <see cref="Result.InvalidArg"/>: the selection is empty, too long, or
        /// names no registration; <see cref="Result.Abort"/>: the runtime was destroyed meanwhile;
        /// <see cref="Result.OutOfMemory"/>.
        /// </exception>
        public DisconnectReports Disconnect(DisconnectSelection selection, TimeSpan? deadline = null)
        {
            if (selection == null)
            {
                throw new ArgumentNullException(nameof(selection));
            }
            Visitor<DisconnectReport> visitor = new Visitor<DisconnectReport>(DisconnectReport.FromNative);
            Native.ws_disconnect native = new Native.ws_disconnect
            {
                cb_size = Native.Size<Native.ws_disconnect>.Bytes,
                flags = selection.Flags,
                cookie = selection.Cookie,
                deadline_ms = RuntimeOptions.Milliseconds(deadline, nameof(deadline))
            };
            // The struct points at them, so they must not move.
            GCHandle id = GCHandle.Alloc(selection.NativeWorkspaceId(), GCHandleType.Pinned);
            GCHandle name = GCHandle.Alloc(selection.NativeFriendlyName(), GCHandleType.Pinned);
            GCHandle held = GCHandle.Alloc(visitor);
            Answer latest;
            int code;
            try
            {
                native.workspace_id = id.AddrOfPinnedObject();
                native.friendly_name = name.AddrOfPinnedObject();
                FanOut fanOut = BeginFanOut(selection);
                Call call = Call.Begin();
                code = Native.ws_disconnect_ex(handle.Name, ref native, Visitor.Function, GCHandle.ToIntPtr(held));
                latest = AnswersOf(call, fanOut);
                GC.KeepAlive(this);
            }
            finally
            {
                id.Free();
                name.Free();
                held.Free();
            }
            DisconnectReport.Explain(visitor.Seen, latest);
            WsrtException error = code < 0 ? WsrtException.OfLastCall(code, Answer.Behind(code, latest)) : null;
            if (error != null && visitor.Seen.Count == 0)
            {
                throw error;
            }
            return new DisconnectReports(visitor.Seen, new Result(code), error);
        }

        // ---- observers ----

        /// <summary>Has an observer told of every change.</summary>
        /// <remarks>
        /// It sees an <see cref="ResourceChange.Added"/> for each registration that is there already, before this
        /// returns, and all further changes in order per cookie; never twice at once; on any thread that changes
        /// something, with no lock held. What it throws goes to <see cref="CallbackErrors.Caught"/>. An observer that
        /// leaves 1,048,576 changes undelivered is unsubscribed.
        /// </remarks>
        /// <param name="changed">Takes the change and the registration; held by the library until the end.</param>
        /// <param name="released">Called once, after the last change, on any thread; may be null.</param>
        /// <returns>The subscription, the caller's: it has to be kept.</returns>
        /// <exception cref="ArgumentNullException">There is no observer.</exception>
        /// <exception cref="WsrtException">As in the remarks of the class.</exception>
        public Subscription Subscribe(Action<ResourceChange, ResourceInfo> changed, Action released = null)
        {
            if (changed == null)
            {
                throw new ArgumentNullException(nameof(changed));
            }
            ObserverTable table = new ObserverTable(changed, released);
            Native.ws_observer native = table.ToNative(out GCHandle held);
            uint number = 0;
            Call call = Call.Begin();
            int code = Native.ws_subscribe(handle.Name, ref native, ref number);
            if (code < 0)
            {
                held.Free();
            }
            Ended(call, code);
            return new Subscription(this, handle.Name, table, number);
        }

        // ---- the end ----

        /// <summary>Ends the runtime: releases every client without disconnecting it.</summary>
        /// <remarks>
        /// From then on every call fails with <see cref="Result.Handle"/>. Registrations and subscriptions end with it.
        /// Waits, outside callbacks, until no callback of the runtime runs.
        /// </remarks>
        /// <returns>
        /// <see cref="Result.Ok"/>: nothing of it runs or will, and all has been released;
        /// <see cref="Result.Deferred"/>: inside a callback, or the drain timeout ran out, while a callback of it runs.
        /// </returns>
        /// <exception cref="WsrtException"><see cref="Result.Handle"/>: it has ended already.</exception>
        public Result Destroy()
        {
            Call call = Call.Begin();
            Result result = call.End(Native.ws_runtime_destroy(handle.Name));
            handle.Disown();
            return result;
        }

        /// <summary>Ends the runtime like <see cref="Destroy"/>, but never waits.</summary>
        /// <returns>As <see cref="Destroy"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="Destroy"/>.</exception>
        public Result DestroyNoWait()
        {
            Call call = Call.Begin();
            Result result = call.End(Native.ws_runtime_destroy_nowait(handle.Name));
            handle.Disown();
            return result;
        }

        /// <summary>Ends it if that has not been done, and waits like <see cref="Destroy"/>. Never throws.</summary>
        /// <remarks>May be called repeatedly, on any thread, and inside any callback, where it does not wait.</remarks>
        public void Dispose()
        {
            if (!handle.IsClosed && !handle.IsInvalid)
            {
                // Of two that come together, one is told that there is nothing to end.
                Native.ws_runtime_destroy(handle.Name);
                handle.Disown();
            }
        }

        // ---- what they share ----

        private ClientTable TableOf(IWorkspaceClient client)
        {
            if (client == null)
            {
                throw new ArgumentNullException(nameof(client));
            }
            return new ClientTable(client, fanOuts);
        }

        private Registration Added(Call call, int code, GCHandle held, ClientTable table, uint cookie)
        {
            if (code < 0)
            {
                held.Free();
            }
            Ended(call, code);
            return new Registration(this, handle.Name, table, cookie);
        }

        /// <summary>Nothing may collect the runtime, which would end it, while a call on it is at work.</summary>
        private Result Ended(Call call, int code)
        {
            GC.KeepAlive(this);
            return call.End(code);
        }

        private FanOut BeginFanOut(DisconnectSelection selection)
        {
            return usesThreads ? fanOuts.Begin(selection) : null;
        }

        private Result EndFanOut(Call call, FanOut fanOut, int code)
        {
            GC.KeepAlive(this);
            Answer latest = AnswersOf(call, fanOut);
            if (code < 0)
            {
                throw WsrtException.OfLastCall(code, Answer.Behind(code, latest));
            }
            return new Result(code);
        }

        /// <summary>Inside a callback answers come on this thread in spite of library threads, else on those.</summary>
        private Answer AnswersOf(Call call, FanOut fanOut)
        {
            Answer here = call.End();
            Answer there = fanOut == null ? null : fanOuts.End(fanOut);
            return here ?? there;
        }
    }
}
