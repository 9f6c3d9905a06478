using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>Collects what the library shows one by one. It lives for one call.</summary>
    internal sealed class Visitor<T> : Visitor
    {
        internal readonly List<T> Seen = new List<T>();
        private readonly Func<IntPtr, T> copy;

        internal Visitor(Func<IntPtr, T> copy)
        {
            this.copy = copy;
        }

        protected override void Visit(IntPtr entry)
        {
            Seen.Add(copy(entry));
        }
    }

    /// <summary>What is the same for all: static, and so never collected.</summary>
    internal abstract class Visitor
    {
        private static readonly Native.VisitCallback visit = Visit;

        /// <summary>Function and user_data go together.</summary>
        internal static readonly IntPtr Function = Marshal.GetFunctionPointerForDelegate(visit);

        protected abstract void Visit(IntPtr entry);

        private static int Visit(IntPtr userData, IntPtr entry)
        {
            try
            {
                ((Visitor)GCHandle.FromIntPtr(userData).Target).Visit(entry);
                return Result.Ok.Code;
            }
            catch (Exception exception)
            {
                // Only memory can run out here.
                Call.Keep(new Answer(Result.OutOfMemory.Code, 0, exception));
                return Result.OutOfMemory.Code;
            }
        }
    }
}
