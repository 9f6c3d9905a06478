using System;
using System.Collections.Generic;
using System.Threading;

namespace Wsrt
{
    /// <summary>
    /// Ends the runtimes and dispensers that live at the end of the process. Where threads are torn down then, as Mono
    /// does it, one that is killed inside a callback never answers: a disconnect on another thread would wait out its
    /// deadline for each client, and the process with it. And nothing sweeps into what is being torn down.
    /// </summary>
    internal static class AtExit
    {
        /// <summary>How to end each; names keep nothing alive.</summary>
        private static readonly Dictionary<IntPtr, Func<IntPtr, int>> names =
            new Dictionary<IntPtr, Func<IntPtr, int>>();

        /// <summary>How many threads are between this binding and the library.</summary>
        private static int atWork;

        /// <summary>The thread that ends the process; 0 before that.</summary>
        private static volatile int exiting;

        static AtExit()
        {
            AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => EndAll();
        }

        internal static void Add(IntPtr name, Func<IntPtr, int> endWithoutWaiting)
        {
            lock (names)
            {
                names[name] = endWithoutWaiting;
            }
        }

        internal static void Remove(IntPtr name)
        {
            lock (names)
            {
                names.Remove(name);
            }
        }

        internal static void Enter()
        {
            Interlocked.Increment(ref atWork);
        }

        internal static void Leave()
        {
            Interlocked.Decrement(ref atWork);
        }

        /// <summary>
        /// A call failed. If that is because the process ends, its thread stops here, as it soon would anyway: an
        /// exception that nobody expects would make the program fail at its very end.
        /// </summary>
        internal static void StopHereIfEnding(int code)
        {
            bool byTheEnd = code == Result.Abort.Code || code == Result.Handle.Code || code == Result.Closed.Code;
            if (exiting != 0 && byTheEnd && exiting != Thread.CurrentThread.ManagedThreadId)
            {
                // Not a wait for a monitor: with threads in one, Mono hangs in Environment.Exit.
                Thread.Sleep(Timeout.Infinite);
            }
        }

        private static void EndAll()
        {
            exiting = Thread.CurrentThread.ManagedThreadId;
            Dictionary<IntPtr, Func<IntPtr, int>> left;
            lock (names)
            {
                left = new Dictionary<IntPtr, Func<IntPtr, int>>(names);
                names.Clear();
            }
            foreach (KeyValuePair<IntPtr, Func<IntPtr, int>> one in left)
            {
                one.Value(one.Key);
            }
            if (left.Count == 0)
            {
                return;
            }
            // Mono can hang when it tears down threads that are about to do something. A callback that goes on and on
            // is left alone after a while.
            for (int tries = 0; tries < 1000 && Volatile.Read(ref atWork) > 0; tries++)
            {
                Thread.Sleep(1);
            }
            // And for those who are on their way to their stop, or out of the library's last threads.
            Thread.Sleep(20);
        }
    }
}
