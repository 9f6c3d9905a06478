using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>
    /// Ends a runtime that was dropped, on the finalizer thread, which must not wait. Not for passing to functions:
    /// the name alone is passed, and is known to be stale afterwards, so that a callback may end its own runtime.
    /// </summary>
    internal sealed class RuntimeHandle : SafeHandle
    {
        internal RuntimeHandle()
            : base(IntPtr.Zero, true)
        {
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        /// <summary>Still there after the end.</summary>
        internal IntPtr Name
        {
            get { return handle; }
        }

        internal void Own(IntPtr runtime)
        {
            SetHandle(runtime);
            AtExit.Add(runtime);
        }

        /// <summary>The runtime has been ended.</summary>
        internal void Disown()
        {
            AtExit.Remove(handle);
            SetHandleAsInvalid();
        }

        protected override bool ReleaseHandle()
        {
            AtExit.Remove(handle);
            return Native.ws_runtime_destroy_nowait(handle) >= 0;
        }
    }
}
