using System;

namespace Wsrt
{
    /// <summary>A call of the library failed; or, thrown by a callback, the code that it answers with.</summary>
    /// <remarks>
    /// <see cref="Exception.HResult"/> is the code as well. <see cref="Exception.InnerException"/> is the exception of
    /// the callback whose answer made the call fail, if it was one.
    /// </remarks>
    public sealed class WsrtException : Exception
    {
        /// <summary>Says that a callback fails with this code: throw it there.</summary>
        /// <param name="result">The code, a failure.</param>
        /// <param name="reason">Why, for people; may be null.</param>
        /// <exception cref="ArgumentException">The code is none of a failure.</exception>
        public WsrtException(Result result, string reason)
            : this(result, reason, null)
        {
        }

        internal WsrtException(Result result, string reason, Exception inner)
            : base(Describe(result, reason), inner)
        {
            if (result.Succeeded)
            {
                throw new ArgumentException("is no failure", nameof(result));
            }
            Result = result;
            Reason = reason ?? "";
            HResult = result.Code;
        }

        /// <summary>The code.</summary>
        public Result Result { get; }

        /// <summary>The name of the code, such as "WSRT_E_HANDLE".</summary>
        public string Name
        {
            get { return Result.Name; }
        }

        /// <summary>The library's text: the function, the argument or callback, and why. May be empty.</summary>
        public string Reason { get; }

        /// <summary>What the last call of this thread failed with. To be asked before any other call.</summary>
        internal static WsrtException OfLastCall(int code, Exception inner)
        {
            WsrtException failure = new WsrtException(new Result(code), LastReason(code), inner);
            AtExit.StopHereIfEnding(code);
            return failure;
        }

        private static string LastReason(int code)
        {
            byte[] buffer = new byte[256];
            int of = 0;
            UIntPtr needed = UIntPtr.Zero;
            int hr = Native.wsrt_last_error(ref of, buffer, (UIntPtr)(uint)buffer.Length, ref needed);
            if (hr == Result.MoreData.Code)
            {
                buffer = new byte[checked((int)needed)];
                hr = Native.wsrt_last_error(ref of, buffer, needed, ref needed);
            }
            // A text about something else would be worse than none.
            return hr >= 0 && of == code ? Text.FromBuffer(buffer) : "";
        }

        private static string Describe(Result result, string reason)
        {
            return string.IsNullOrEmpty(reason) ? result.ToString() : reason + " (" + result + ")";
        }
    }
}
