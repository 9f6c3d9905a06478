using System;

namespace Wsrt
{
    /// <summary>What a call or a callback answers: an HRESULT. Negative is failure.</summary>
    /// <remarks>
    /// A value: any thread, no ownership. Calls of this binding return it where there is more than one kind of success,
    /// and throw a <see cref="WsrtException"/> on failure.
    /// </remarks>
    public struct Result : IEquatable<Result>
    {
        /// <summary>Done.</summary>
        public static readonly Result Ok = new Result(0x00000000);

        /// <summary>Done, and there was nothing to do.</summary>
        public static readonly Result False = new Result(0x00000001);

        /// <summary>Done, but a callback of the object still runs; the last to leave releases it.</summary>
        public static readonly Result Deferred = new Result(0x00040200);

        /// <summary>Not offered.</summary>
        public static readonly Result NotImpl = Failure(0x80004001);

        /// <summary>The object does not have that interface.</summary>
        public static readonly Result NoInterface = Failure(0x80004002);

        /// <summary>A pointer that must not be NULL is NULL.</summary>
        public static readonly Result Pointer = Failure(0x80004003);

        /// <summary>The object was destroyed while the call was at work.</summary>
        public static readonly Result Abort = Failure(0x80004004);

        /// <summary>Failed; also what an exception of a callback is turned into.</summary>
        public static readonly Result Fail = Failure(0x80004005);

        /// <summary>A fault inside the library was caught at its border.</summary>
        public static readonly Result Unexpected = Failure(0x8000FFFF);

        /// <summary>Not allowed.</summary>
        public static readonly Result AccessDenied = Failure(0x80070005);

        /// <summary>Not the name of a live object of that kind.</summary>
        public static readonly Result Handle = Failure(0x80070006);

        /// <summary>No memory, or the most there can be is reached.</summary>
        public static readonly Result OutOfMemory = Failure(0x8007000E);

        /// <summary>An argument cannot be used; <see cref="WsrtException.Reason"/> names it.</summary>
        public static readonly Result InvalidArg = Failure(0x80070057);

        /// <summary>There already.</summary>
        public static readonly Result AlreadyExists = Failure(0x800700B7);

        /// <summary>A buffer is too small.</summary>
        public static readonly Result MoreData = Failure(0x800700EA);

        /// <summary>Cancelled.</summary>
        public static readonly Result Cancelled = Failure(0x800704C7);

        /// <summary>Not there.</summary>
        public static readonly Result NotFound = Failure(0x80070490);

        /// <summary>Not answered in time.</summary>
        public static readonly Result Timeout = Failure(0x800705B4);

        /// <summary>From a callback: its connection is gone already.</summary>
        public static readonly Result RpcDisconnected = Failure(0x80010108);

        /// <summary>From a callback: its connection is gone already.</summary>
        public static readonly Result CoObjNotConnected = Failure(0x800401FD);

        /// <summary>The resource could not be enlisted in the transaction.</summary>
        public static readonly Result MtxdmEnlistResourceFailed = Failure(0x8004E100);

        /// <summary>The dispenser is closed.</summary>
        public static readonly Result Closed = Failure(0x80040200);

        /// <summary>A callback took longer than its deadline and was written off.</summary>
        public static readonly Result Overdue = Failure(0x80040205);

        /// <summary>The caller's transaction is aborting.</summary>
        public static readonly Result TxAborting = Failure(0x80040206);

        /// <summary>The handle was inherited by fork(); it is its parent's.</summary>
        public static readonly Result Forked = Failure(0x80040207);

        /// <summary>Wraps a number, also one that has no name here.</summary>
        /// <param name="code">The number.</param>
        public Result(int code)
        {
            Code = code;
        }

        /// <summary>The number.</summary>
        public int Code { get; }

        /// <summary>Whether it is no failure.</summary>
        public bool Succeeded
        {
            get { return Code >= 0; }
        }

        /// <summary>Its name as the library knows it, such as "WSRT_E_HANDLE"; or "unknown".</summary>
        /// <exception cref="NotSupportedException">The library is of another version.</exception>
        public string Name
        {
            get
            {
                Library.MustBeCompatible();
                return Text.FromNative(Native.wsrt_hresult_name(Code));
            }
        }

        /// <summary>Name and number, such as "WSRT_E_HANDLE 0x80070006".</summary>
        /// <returns>The text.</returns>
        public override string ToString()
        {
            return string.Format("{0} 0x{1:X8}", Name, Code);
        }

        /// <summary>Whether both are the same number.</summary>
        /// <param name="other">The other.</param>
        /// <returns>Whether they are.</returns>
        public bool Equals(Result other)
        {
            return Code == other.Code;
        }

        /// <summary>Whether that is a result with the same number.</summary>
        /// <param name="obj">The other.</param>
        /// <returns>Whether it is.</returns>
        public override bool Equals(object obj)
        {
            return obj is Result other && Equals(other);
        }

        /// <summary>The number.</summary>
        /// <returns>The number.</returns>
        public override int GetHashCode()
        {
            return Code;
        }

        /// <summary>Whether both are the same number.</summary>
        /// <param name="left">One.</param>
        /// <param name="right">The other.</param>
        /// <returns>Whether they are.</returns>
        public static bool operator ==(Result left, Result right)
        {
            return left.Equals(right);
        }

        /// <summary>Whether they are different numbers.</summary>
        /// <param name="left">One.</param>
        /// <param name="right">The other.</param>
        /// <returns>Whether they are.</returns>
        public static bool operator !=(Result left, Result right)
        {
            return !left.Equals(right);
        }

        private static Result Failure(uint code)
        {
            return new Result(unchecked((int)code));
        }
    }
}
