using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>What became of one client in a disconnect.</summary>
    public enum DisconnectOutcome
    {
        /// <summary>Answered with success.</summary>
        Obeyed = 1,

        /// <summary>Answered with a failure, or threw.</summary>
        Failed = 2,

        /// <summary>Did not answer before its deadline.</summary>
        NoAnswer = 3,

        /// <summary>Was dead, and its registration was dropped.</summary>
        Dropped = 4,

        /// <summary>Was being told already by another call.</summary>
        Skipped = 5
    }

    /// <summary>What became of one client: a copy, for any thread and any time.</summary>
    public sealed class DisconnectReport
    {
        private DisconnectReport(Native.ws_disconnect_report native)
        {
            Cookie = native.cookie;
            Outcome = (DisconnectOutcome)native.outcome;
            ProcessId = (int)native.process_id;
            Result = new Result(native.result);
            // A tick is 100 ns.
            Elapsed = TimeSpan.FromTicks((long)native.elapsed_us * 10);
            WorkspaceId = Text.FromNative(native.workspace_id);
            DisplayName = Text.FromNative(native.display_name);
        }

        /// <summary>Names the registration, which may be gone.</summary>
        public uint Cookie { get; }

        /// <summary>What became of it; later versions may know more.</summary>
        public DisconnectOutcome Outcome { get; }

        /// <summary>The process that it lives in.</summary>
        public int ProcessId { get; }

        /// <summary>What it answered; <see cref="Wsrt.Result.Ok"/> where it did not.</summary>
        public Result Result { get; }

        /// <summary>What it threw instead of an answer; null if it did not.</summary>
        public Exception Exception { get; private set; }

        /// <summary>How long it took, or was waited for.</summary>
        public TimeSpan Elapsed { get; }

        /// <summary>The id of its workspace.</summary>
        public string WorkspaceId { get; }

        /// <summary>Its display name, or "".</summary>
        public string DisplayName { get; }

        internal static DisconnectReport FromNative(IntPtr report)
        {
            return new DisconnectReport(
                (Native.ws_disconnect_report)Marshal.PtrToStructure(report, typeof(Native.ws_disconnect_report)));
        }

        /// <summary>Puts the exceptions where they belong.</summary>
        internal static void Explain(List<DisconnectReport> reports, Answer latest)
        {
            if (latest == null)
            {
                return;
            }
            Dictionary<uint, Answer> answers = new Dictionary<uint, Answer>();
            for (Answer one = latest; one != null; one = one.Previous)
            {
                answers[one.Cookie] = one;
            }
            foreach (DisconnectReport report in reports)
            {
                bool answered = report.Outcome == DisconnectOutcome.Failed || report.Outcome == DisconnectOutcome.Dropped;
                if (answered && answers.TryGetValue(report.Cookie, out Answer answer))
                {
                    report.Exception = answer.Exception;
                }
            }
        }
    }
}
