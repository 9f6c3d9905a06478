using System;
using System.Runtime.InteropServices;

namespace Wsrt
{
    /// <summary>Where a registration stands.</summary>
    public enum ResourceState
    {
        /// <summary>Registered, not told to disconnect.</summary>
        Connected = 1,

        /// <summary>Told to disconnect, not yet removed.</summary>
        Disconnecting = 2,

        /// <summary>Removed, a callback still running.</summary>
        Leaving = 3
    }

    /// <summary>What an observer is told of.</summary>
    public enum ResourceChange
    {
        /// <summary>Registered.</summary>
        Added = 1,

        /// <summary>Told to disconnect.</summary>
        Disconnecting = 2,

        /// <summary>Removed by its client.</summary>
        Removed = 3,

        /// <summary>Found dead and dropped.</summary>
        Lost = 4
    }

    /// <summary>A registration as it was at one moment: a copy, for any thread and any time.</summary>
    public sealed class ResourceInfo
    {
        private ResourceInfo(Native.ws_resource_info native)
        {
            Cookie = native.cookie;
            State = (ResourceState)native.state;
            ProcessId = (int)native.process_id;
            LastResult = new Result(native.last_result);
            Age = TimeSpan.FromMilliseconds(native.age_ms);
            StateAge = TimeSpan.FromMilliseconds(native.state_age_ms);
            CorrelationId = native.correlation_id;
            WorkspaceId = Text.FromNative(native.workspace_id);
            DisplayName = Text.FromNative(native.display_name);
        }

        /// <summary>Names the registration.</summary>
        public uint Cookie { get; }

        /// <summary>Where it stands; later versions may know more states.</summary>
        public ResourceState State { get; }

        /// <summary>The process that it lives in.</summary>
        public int ProcessId { get; }

        /// <summary>What its client answered last; <see cref="Result.Ok"/> before that.</summary>
        public Result LastResult { get; }

        /// <summary>Since it was registered.</summary>
        public TimeSpan Age { get; }

        /// <summary>Since it has this state.</summary>
        public TimeSpan StateAge { get; }

        /// <summary>What was given when it was added; else all zero.</summary>
        public Guid CorrelationId { get; }

        /// <summary>The id of its workspace.</summary>
        public string WorkspaceId { get; }

        /// <summary>Its display name, or "".</summary>
        public string DisplayName { get; }

        internal static ResourceInfo FromNative(IntPtr info)
        {
            return new ResourceInfo(
                (Native.ws_resource_info)Marshal.PtrToStructure(info, typeof(Native.ws_resource_info)));
        }
    }
}
