using System.Collections;
using System.Collections.Generic;

namespace Wsrt
{
    /// <summary>What became of everybody in a disconnect, oldest registration first.</summary>
    public sealed class DisconnectReports : IReadOnlyList<DisconnectReport>
    {
        private readonly List<DisconnectReport> reports;

        internal DisconnectReports(List<DisconnectReport> reports, Result result, WsrtException error)
        {
            this.reports = reports;
            Result = result;
            Error = error;
        }

        /// <summary>
        /// The result of the whole: <see cref="Wsrt.Result.Ok"/>; <see cref="Wsrt.Result.False"/>: all are being told
        /// already; <see cref="Wsrt.Result.Deferred"/>: inside a disconnect of the same connections, which goes on;
        /// <see cref="Wsrt.Result.Timeout"/>; <see cref="Wsrt.Result.Abort"/>: the runtime was destroyed meanwhile; or
        /// the failure of the oldest registration that failed.
        /// </summary>
        public Result Result { get; }

        /// <summary>That result as an exception, with the client's as its inner one; null if it is no failure.</summary>
        public WsrtException Error { get; }

        /// <summary>How many there are.</summary>
        public int Count
        {
            get { return reports.Count; }
        }

        /// <summary>One of them.</summary>
        /// <param name="index">From 0.</param>
        /// <returns>The report.</returns>
        public DisconnectReport this[int index]
        {
            get { return reports[index]; }
        }

        /// <summary>All of them in order.</summary>
        /// <returns>An enumerator.</returns>
        public IEnumerator<DisconnectReport> GetEnumerator()
        {
            return reports.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }
    }
}
