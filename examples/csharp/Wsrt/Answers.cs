using System;
using System.Collections.Generic;

namespace Wsrt
{
    /// <summary>A failing answer of a callback, and the exception that it stands for, if any.</summary>
    internal sealed class Answer
    {
        internal readonly int Code;
        internal readonly uint Cookie;
        internal readonly Exception Exception;

        /// <summary>Which callback of a driver it was; null for others.</summary>
        internal readonly string Callback;

        /// <summary>The one before, in the same call.</summary>
        internal Answer Previous;

        internal Answer(int code, uint cookie, Exception exception)
        {
            Code = code;
            Cookie = cookie;
            Exception = exception;
        }

        internal Answer(string callback, int code, Exception exception)
            : this(code, 0, exception)
        {
            Callback = callback;
        }

        /// <summary>
        /// The exception behind the result of a call: that of the oldest registration which answered so. It is null if
        /// that one answered so without an exception.
        /// </summary>
        internal static Exception Behind(int code, Answer latest)
        {
            Answer oldest = null;
            for (Answer one = latest; one != null; one = one.Previous)
            {
                // Cookies count up and wrap; far fewer than half of them are alive.
                if (one.Code == code && (oldest == null || unchecked((int)(one.Cookie - oldest.Cookie)) < 0))
                {
                    oldest = one;
                }
            }
            return oldest?.Exception;
        }

        /// <summary>
        /// The exception behind the result of a call on a dispenser: that of the first of these callbacks which failed.
        /// What a driver answers becomes <see cref="Result.Fail"/> where the dispenser has a say of its own.
        /// </summary>
        internal static Exception Behind(int code, Answer latest, string[] callbacks)
        {
            Answer first = null;
            for (Answer one = latest; one != null; one = one.Previous)
            {
                bool matters = code == one.Code || code == Result.Fail.Code;
                if (matters && Array.IndexOf(callbacks, one.Callback) >= 0)
                {
                    first = one;
                }
            }
            return first?.Exception;
        }
    }

    /// <summary>
    /// A call of the library by this thread, and the failing answers of callbacks that it makes here.
    /// </summary>
    internal struct Call
    {
        [ThreadStatic]
        private static Answer latest;

        [ThreadStatic]
        private static int depth;

        private Answer outer;

        internal static Call Begin()
        {
            Call call = new Call { outer = latest };
            latest = null;
            if (depth == 0)
            {
                AtExit.Enter();
            }
            depth += 1;
            return call;
        }

        /// <summary>The answers that came on this thread.</summary>
        internal Answer End()
        {
            Answer mine = latest;
            latest = outer;
            depth -= 1;
            if (depth == 0)
            {
                AtExit.Leave();
            }
            return mine;
        }

        /// <summary>The result, or an exception that knows which callback was the cause.</summary>
        internal Result End(int code)
        {
            Answer mine = End();
            if (code < 0)
            {
                throw WsrtException.OfLastCall(code, Answer.Behind(code, mine));
            }
            return new Result(code);
        }

        /// <summary>The result of a call on a dispenser, which only these callbacks can make fail.</summary>
        internal Result End(int code, string[] callbacks)
        {
            Answer mine = End();
            if (code < 0)
            {
                throw WsrtException.OfLastCall(code, Answer.Behind(code, mine, callbacks));
            }
            return new Result(code);
        }

        /// <summary>Keeps an answer for the call that this thread is in; false if it is in none.</summary>
        internal static bool Keep(Answer answer)
        {
            if (depth == 0)
            {
                return false;
            }
            answer.Previous = latest;
            latest = answer;
            return true;
        }
    }

    /// <summary>
    /// The disconnects of one runtime that are at work on threads of the library, where answers come on other threads
    /// than the call.
    /// </summary>
    internal sealed class FanOuts
    {
        private readonly List<FanOut> atWork = new List<FanOut>();

        internal FanOut Begin(DisconnectSelection selection)
        {
            FanOut fanOut = new FanOut(selection);
            lock (atWork)
            {
                atWork.Add(fanOut);
            }
            return fanOut;
        }

        internal Answer End(FanOut fanOut)
        {
            lock (atWork)
            {
                atWork.Remove(fanOut);
                return fanOut.Latest;
            }
        }

        /// <summary>Keeps an answer for whoever asked for it; where two ask for the same, for both.</summary>
        internal void Keep(ClientTable client, Answer answer)
        {
            lock (atWork)
            {
                foreach (FanOut fanOut in atWork)
                {
                    if (fanOut.Selection.Selects(client, answer.Cookie))
                    {
                        fanOut.Latest = new Answer(answer.Code, answer.Cookie, answer.Exception)
                        {
                            Previous = fanOut.Latest
                        };
                    }
                }
            }
        }
    }

    /// <summary>One of them.</summary>
    internal sealed class FanOut
    {
        internal readonly DisconnectSelection Selection;
        internal Answer Latest;

        internal FanOut(DisconnectSelection selection)
        {
            Selection = selection;
        }
    }
}
