using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Wsrt
{
    /// <summary>An observer of a runtime's changes.</summary>
    /// <remarks>
    /// Keep it as long as it shall observe: one that is dropped ends when the garbage collector finds it. It keeps its
    /// runtime alive. Any thread may use it.
    /// </remarks>
    public sealed class Subscription : IDisposable
    {
        private readonly WorkspaceRuntime runtime;
        private readonly IntPtr name;
        private readonly ObserverTable table;
        private readonly uint number;
        private int ended;

        internal Subscription(WorkspaceRuntime runtime, IntPtr name, ObserverTable table, uint number)
        {
            this.runtime = runtime;
            this.name = name;
            this.table = table;
            this.number = number;
        }

        /// <summary>Ends what was dropped, without waiting for anything.</summary>
        ~Subscription()
        {
            if (StillMine())
            {
                Native.ws_unsubscribe_nowait(name, number);
            }
        }

        /// <summary>Ends the subscription; changes not yet delivered are dropped.</summary>
        /// <remarks>
        /// Waits, outside callbacks, until the observer does not run: not to be called holding a lock that a callback
        /// takes, nor on a thread that a callback waits for.
        /// </remarks>
        /// <returns>
        /// <see cref="Result.Ok"/>: it does not run and will not, and has been released;
        /// <see cref="Result.Deferred"/>: inside a callback, or the drain timeout ran out, while it runs.
        /// </returns>
        /// <exception cref="WsrtException">
        /// <see cref="Result.InvalidArg"/>: it has ended already; <see cref="Result.Handle"/>: the runtime has.
        /// </exception>
        public Result Unsubscribe()
        {
            Call call = Call.Begin();
            Result result = call.End(Native.ws_unsubscribe(name, number));
            Done();
            return result;
        }

        /// <summary>Ends the subscription, but never waits.</summary>
        /// <returns>As <see cref="Unsubscribe"/>.</returns>
        /// <exception cref="WsrtException">As <see cref="Unsubscribe"/>.</exception>
        public Result UnsubscribeNoWait()
        {
            Call call = Call.Begin();
            Result result = call.End(Native.ws_unsubscribe_nowait(name, number));
            Done();
            return result;
        }

        /// <summary>Ends it if that has not been done, and waits like <see cref="Unsubscribe"/>. Never throws.</summary>
        /// <remarks>May be called repeatedly, on any thread, and inside any callback, where it does not wait.</remarks>
        public void Dispose()
        {
            if (StillMine())
            {
                Native.ws_unsubscribe(name, number);
            }
            Done();
        }

        private bool StillMine()
        {
            return Interlocked.Exchange(ref ended, 1) == 0 && !table.Released;
        }

        private void Done()
        {
            Interlocked.Exchange(ref ended, 1);
            GC.SuppressFinalize(this);
            GC.KeepAlive(runtime);
        }
    }

    /// <summary>An observer as the library sees it: the user_data of a ws_observer.</summary>
    internal sealed class ObserverTable
    {
        // The library calls these for as long as the process lives, so nothing may collect them.
        private static readonly Native.ChangedCallback changed = Changed;
        private static readonly Native.ReleaseCallback release = Release;
        private static readonly IntPtr changedPointer = Marshal.GetFunctionPointerForDelegate(changed);
        private static readonly IntPtr releasePointer = Marshal.GetFunctionPointerForDelegate(release);

        private readonly Action<ResourceChange, ResourceInfo> observer;
        private readonly Action whenReleased;
        private volatile bool released;

        internal ObserverTable(Action<ResourceChange, ResourceInfo> observer, Action whenReleased)
        {
            this.observer = observer;
            this.whenReleased = whenReleased;
        }

        internal bool Released
        {
            get { return released; }
        }

        /// <summary>The table to subscribe. If that fails, the handle stays the caller's.</summary>
        internal Native.ws_observer ToNative(out GCHandle handle)
        {
            handle = GCHandle.Alloc(this);
            return new Native.ws_observer
            {
                cb_size = Native.Size<Native.ws_observer>.Bytes,
                user_data = GCHandle.ToIntPtr(handle),
                changed = changedPointer,
                release = releasePointer
            };
        }

        private static void Changed(IntPtr userData, uint change, IntPtr info)
        {
            ObserverTable table = (ObserverTable)GCHandle.FromIntPtr(userData).Target;
            try
            {
                table.observer((ResourceChange)change, ResourceInfo.FromNative(info));
            }
            catch (Exception exception)
            {
                CallbackErrors.Raise("changed", table.observer, exception);
            }
        }

        private static void Release(IntPtr userData)
        {
            GCHandle handle = GCHandle.FromIntPtr(userData);
            ObserverTable table = (ObserverTable)handle.Target;
            handle.Free();
            table.released = true;
            try
            {
                table.whenReleased?.Invoke();
            }
            catch (Exception exception)
            {
                CallbackErrors.Raise("release", table.whenReleased, exception);
            }
        }
    }
}
