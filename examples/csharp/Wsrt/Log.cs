using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>How much a message matters; a level takes in all before it.</summary>
    public enum LogLevel
    {
        /// <summary>Something is lost.</summary>
        Error = 1,

        /// <summary>A callback misbehaved.</summary>
        Warn = 2,

        /// <summary>Worth knowing.</summary>
        Info = 3,

        /// <summary>For whoever looks for a fault.</summary>
        Debug = 4,

        /// <summary>Everything.</summary>
        Trace = 5
    }

    /// <summary>Where the library's messages go: one place for the whole process.</summary>
    public static class Log
    {
        /// <summary>Sets where messages go; what was set before is released.</summary>
        /// <remarks>
        /// Any thread; also inside any callback, where nothing waits. The library holds both delegates until the log is
        /// replaced.
        /// </remarks>
        /// <param name="maxLevel">The highest level wanted.</param>
        /// <param name="write">
        /// Takes level, target and message, on the thread that caused it, on several at once, with no lock held.
        /// Messages that it causes itself are dropped; what it throws goes to <see cref="CallbackErrors.Caught"/>.
        /// </param>
        /// <param name="released">Called once, after the last message, on any thread; may be null.</param>
        /// <returns>
        /// <see cref="Result.Ok"/>: nothing of the log before runs any more; <see cref="Result.Deferred"/>: inside a
        /// callback, while the log before was writing.
        /// </returns>
        /// <exception cref="ArgumentNullException">There is nothing to write with.</exception>
        /// <exception cref="WsrtException"><see cref="Result.InvalidArg"/>: there is no such level.</exception>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public static Result Set(LogLevel maxLevel, Action<LogLevel, string, string> write, Action released = null)
        {
            if (write == null)
            {
                throw new ArgumentNullException(nameof(write));
            }
            Library.MustBeCompatible();
            Native.wsrt_log native = new LogTable(write, released).ToNative(maxLevel, out GCHandle handle);
            int code = Native.wsrt_set_log(ref native);
            if (code < 0)
            {
                handle.Free();
                // wsrt_* functions have no text of their own.
                throw new WsrtException(new Result(code), "wsrt_set_log");
            }
            return new Result(code);
        }

        /// <summary>Takes the log away.</summary>
        /// <returns>As <see cref="Set"/>.</returns>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        /// <exception cref="WsrtException">A fault inside the library.</exception>
        public static Result Clear()
        {
            Library.MustBeCompatible();
            int code = Native.wsrt_set_log(IntPtr.Zero);
            if (code < 0)
            {
                throw new WsrtException(new Result(code), "wsrt_set_log");
            }
            return new Result(code);
        }
    }

    /// <summary>A log as the library sees it: the user_data of a wsrt_log.</summary>
    internal sealed class LogTable
    {
        // The library calls these for as long as the process lives, so nothing may collect them.
        private static readonly Native.WriteCallback write = Write;
        private static readonly Native.ReleaseCallback release = Release;

        private readonly Action<LogLevel, string, string> writer;
        private readonly Action whenReleased;

        internal LogTable(Action<LogLevel, string, string> writer, Action whenReleased)
        {
            this.writer = writer;
            this.whenReleased = whenReleased;
        }

        /// <summary>The table to set. If that fails, the handle stays the caller's.</summary>
        internal Native.wsrt_log ToNative(LogLevel maxLevel, out GCHandle handle)
        {
            handle = GCHandle.Alloc(this);
            return new Native.wsrt_log
            {
                cb_size = Native.Size<Native.wsrt_log>.Bytes,
                max_level = unchecked((uint)maxLevel),
                user_data = GCHandle.ToIntPtr(handle),
                write = Marshal.GetFunctionPointerForDelegate(write),
                release = Marshal.GetFunctionPointerForDelegate(release)
            };
        }

        private static void Write(IntPtr userData, uint level, IntPtr target, IntPtr message)
        {
            LogTable table = (LogTable)GCHandle.FromIntPtr(userData).Target;
            try
            {
                table.writer((LogLevel)level, Text.FromNative(target), Text.FromNative(message));
            }
            catch (Exception exception)
            {
                CallbackErrors.Raise("write", table.writer, exception);
            }
        }

        private static void Release(IntPtr userData)
        {
            GCHandle handle = GCHandle.FromIntPtr(userData);
            LogTable table = (LogTable)handle.Target;
            handle.Free();
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
