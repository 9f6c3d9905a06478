using System;
using System.Threading;

namespace Wsrt
{
    /// <summary>Settings of a <see cref="WorkspaceRuntime"/>, read when it is made. All may be left as they are.</summary>
    public sealed class RuntimeOptions
    {
        /// <summary>Stay in this process whatever the environment says.</summary>
        public bool Embedded { get; set; }

        /// <summary>
        /// How many threads of the library call <see cref="IWorkspaceClient.IssueDisconnect"/> in one disconnect; 0:
        /// the calling thread does. A disconnect from inside a callback always uses the calling thread.
        /// </summary>
        public int DisconnectThreads { get; set; }

        /// <summary>
        /// How long a disconnect on library threads waits for one client; null: 5 s;
        /// <see cref="Timeout.InfiniteTimeSpan"/>: without limit.
        /// </summary>
        public TimeSpan? DisconnectDeadline { get; set; }

        /// <summary>How long a removal waits for running callbacks; null: without limit.</summary>
        public TimeSpan? DrainTimeout { get; set; }

        internal Native.ws_runtime_options ToNative()
        {
            if (DisconnectThreads < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(DisconnectThreads), "is negative");
            }
            return new Native.ws_runtime_options
            {
                cb_size = Native.Size<Native.ws_runtime_options>.Bytes,
                flags = Embedded ? Native.WS_RUNTIME_EMBEDDED : 0,
                disconnect_threads = (uint)DisconnectThreads,
                disconnect_deadline_ms = Milliseconds(DisconnectDeadline, nameof(DisconnectDeadline)),
                drain_timeout_ms = Milliseconds(DrainTimeout, nameof(DrainTimeout))
            };
        }

        /// <summary>A span for the library, for which 0 means that none is given: no span becomes 0 by rounding.</summary>
        internal static uint Milliseconds(TimeSpan? span, string name)
        {
            if (span == null)
            {
                return 0;
            }
            if (span == Timeout.InfiniteTimeSpan)
            {
                return Native.WSRT_INFINITE;
            }
            double milliseconds = Math.Ceiling(span.Value.TotalMilliseconds);
            if (milliseconds <= 0 || milliseconds >= Native.WSRT_INFINITE)
            {
                throw new ArgumentOutOfRangeException(name, "is not above 0 or too long");
            }
            return (uint)milliseconds;
        }
    }
}
