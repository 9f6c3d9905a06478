using System;
using System.Threading;

namespace Wsrt
{
    /// <summary>A registered connection.</summary>
    /// <remarks>
    /// Keep it as long as the connection lives: one that is dropped is removed when the garbage collector finds it. It
    /// keeps its runtime alive. Any thread may use it.
    /// </remarks>
    public sealed class Registration : IDisposable
    {
        private readonly WorkspaceRuntime runtime;
        private readonly IntPtr name;
        private readonly ClientTable table;
        private int removed;

        internal Registration(WorkspaceRuntime runtime, IntPtr name, ClientTable table, uint cookie)
        {
            this.runtime = runtime;
            this.name = name;
            this.table = table;
            Cookie = cookie;
        }

        /// <summary>Removes what was dropped, without waiting for anything.</summary>
        ~Registration()
        {
            // The runtime may be finalized already; its name says so.
            if (StillMine())
            {
                Native.ws_remove_resource_nowait(name, Cookie);
            }
        }

        /// <summary>Names the registration in its runtime; never 0.</summary>
        public uint Cookie { get; }

        /// <summary>Disconnects it: <see cref="WorkspaceRuntime.Disconnect(uint)"/>.</summary>
        /// <returns>As there.</returns>
        /// <exception cref="WsrtException">As there.</exception>
        public Result Disconnect()
        {
            return runtime.Disconnect(Cookie);
        }

        /// <summary>Says that the connection is gone: <see cref="WorkspaceRuntime.Remove(uint)"/>.</summary>
        /// <remarks>
        /// Waits, outside callbacks, until no callback of the client runs: not to be called holding a lock that a
        /// callback takes, nor on a thread that a callback waits for.
        /// </remarks>
        /// <returns>As there.</returns>
        /// <exception cref="WsrtException">As there; <see cref="Result.InvalidArg"/> if it is removed already.</exception>
        public Result Remove()
        {
            Result result = runtime.Remove(Cookie);
            Done();
            return result;
        }

        /// <summary>
        /// Says that the connection is gone, but never waits: <see cref="WorkspaceRuntime.RemoveNoWait(uint)"/>.
        /// </summary>
        /// <returns>As there.</returns>
        /// <exception cref="WsrtException">As there.</exception>
        public Result RemoveNoWait()
        {
            Result result = runtime.RemoveNoWait(Cookie);
            Done();
            return result;
        }

        /// <summary>Removes it if that has not been done, and waits like <see cref="Remove"/>. Never throws.</summary>
        /// <remarks>May be called repeatedly, on any thread, and inside any callback, where it does not wait.</remarks>
        public void Dispose()
        {
            if (StillMine())
            {
                Native.ws_remove_resource(name, Cookie);
            }
            Done();
            GC.KeepAlive(runtime);
        }

        /// <summary>True once at most, and not when the library has let go of the client: then the cookie may in time
        /// name somebody else.</summary>
        private bool StillMine()
        {
            return Interlocked.Exchange(ref removed, 1) == 0 && !table.Released;
        }

        private void Done()
        {
            Interlocked.Exchange(ref removed, 1);
            GC.SuppressFinalize(this);
        }
    }
}
