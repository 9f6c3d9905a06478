using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>
    /// Ends an object of the library that was dropped, on the finalizer thread, which must not wait. Not for passing to
    /// functions: the name alone is passed, and is known to be stale afterwards, so that a callback may end its own
    /// object.
    /// </summary>
    internal abstract class NameHandle : SafeHandle
    {
        private readonly Func<IntPtr, int> endWithoutWaiting;

        /// <summary>The function outlives the object: it must be a static one.</summary>
        protected NameHandle(Func<IntPtr, int> endWithoutWaiting)
            : base(IntPtr.Zero, true)
        {
            this.endWithoutWaiting = endWithoutWaiting;
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

        internal void Own(IntPtr name)
        {
            SetHandle(name);
            AtExit.Add(name, endWithoutWaiting);
        }

        /// <summary>The object has been ended.</summary>
        internal void Disown()
        {
            AtExit.Remove(handle);
            SetHandleAsInvalid();
        }

        protected override bool ReleaseHandle()
        {
            AtExit.Remove(handle);
            return endWithoutWaiting(handle) >= 0;
        }
    }

    /// <summary>That of a runtime.</summary>
    internal sealed class RuntimeHandle : NameHandle
    {
        internal RuntimeHandle()
            : base(Native.ws_runtime_destroy_nowait)
        {
        }
    }

    /// <summary>That of a dispenser.</summary>
    internal sealed class DispenserHandle : NameHandle
    {
        internal DispenserHandle()
            : base(Native.dispenser_destroy_nowait)
        {
        }
    }
}
