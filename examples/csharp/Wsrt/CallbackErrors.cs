using System;

namespace Wsrt
{
    /// <summary>Where exceptions of callbacks come to light: they never cross the border to the library.</summary>
    public static class CallbackErrors
    {
        /// <summary>
        /// A callback threw. What it should have answered is answered for it: the code of a
        /// <see cref="WsrtException"/>, else <see cref="Result.Fail"/>.
        /// </summary>
        /// <remarks>
        /// Raised on the thread of the callback, on several at once, also on the finalizer's, with no lock held; every
        /// call is allowed. What a handler throws is dropped, and the other handlers are called. The event refers to
        /// its handlers until they are taken away.
        /// </remarks>
        public static event EventHandler<CallbackErrorEventArgs> Caught;

        internal static void Raise(string callback, object target, Exception exception)
        {
            EventHandler<CallbackErrorEventArgs> handlers = Caught;
            if (handlers == null)
            {
                return;
            }
            CallbackErrorEventArgs arguments = new CallbackErrorEventArgs(callback, target, exception);
            foreach (Delegate handler in handlers.GetInvocationList())
            {
                try
                {
                    ((EventHandler<CallbackErrorEventArgs>)handler)(null, arguments);
                }
                catch (Exception)
                {
                    // Nobody is left to be told, and out of here it must not get.
                }
            }
        }

        /// <summary>What is answered instead of an exception.</summary>
        internal static int CodeOf(Exception exception)
        {
            return exception is WsrtException failure ? failure.Result.Code : Result.Fail.Code;
        }
    }

    /// <summary>Which callback threw what.</summary>
    public sealed class CallbackErrorEventArgs : EventArgs
    {
        internal CallbackErrorEventArgs(string callback, object target, Exception exception)
        {
            Callback = callback;
            Target = target;
            Exception = exception;
        }

        /// <summary>The callback, by its name in wsrt.h, such as "issue_disconnect".</summary>
        public string Callback { get; }

        /// <summary>The client or the delegate that was called.</summary>
        public object Target { get; }

        /// <summary>What it threw.</summary>
        public Exception Exception { get; }
    }
}
