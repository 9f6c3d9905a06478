using System;

namespace Wsrt
{
    /// <summary>Whom a disconnect is for. A value that any thread may use at any time.</summary>
    public sealed class DisconnectSelection
    {
        private readonly bool all;
        private readonly uint cookie;
        private readonly string workspaceId;
        private readonly string friendlyName;

        private DisconnectSelection(bool all, uint cookie, string workspaceId, string friendlyName)
        {
            this.all = all;
            this.cookie = cookie;
            this.workspaceId = workspaceId;
            this.friendlyName = friendlyName;
        }

        /// <summary>Every registration of the runtime.</summary>
        public static DisconnectSelection All { get; } = new DisconnectSelection(true, 0, null, null);

        /// <summary>One registration.</summary>
        /// <param name="cookie">Its cookie.</param>
        /// <returns>The selection.</returns>
        public static DisconnectSelection Resource(uint cookie)
        {
            return new DisconnectSelection(false, cookie, null, null);
        }

        /// <summary>Every registration of a workspace.</summary>
        /// <param name="workspaceId">Its id, compared byte by byte.</param>
        /// <returns>The selection.</returns>
        public static DisconnectSelection Workspace(string workspaceId)
        {
            return new DisconnectSelection(false, 0, workspaceId, null);
        }

        /// <summary>Every registration with a display name.</summary>
        /// <param name="friendlyName">The name, compared byte by byte.</param>
        /// <returns>The selection.</returns>
        public static DisconnectSelection FriendlyName(string friendlyName)
        {
            return new DisconnectSelection(false, 0, null, friendlyName);
        }

        internal uint Flags
        {
            get { return all ? Native.WS_DISCONNECT_ALL : 0; }
        }

        internal uint Cookie
        {
            get { return cookie; }
        }

        internal byte[] NativeWorkspaceId()
        {
            return Text.ToNative(workspaceId, nameof(workspaceId));
        }

        internal byte[] NativeFriendlyName()
        {
            return Text.ToNative(friendlyName, nameof(friendlyName));
        }

        internal bool Selects(ClientTable client, uint itsCookie)
        {
            return all
                || (cookie != 0 && cookie == itsCookie)
                || (!string.IsNullOrEmpty(workspaceId) && workspaceId == client.WorkspaceId)
                || (!string.IsNullOrEmpty(friendlyName) && friendlyName == client.DisplayName);
        }
    }
}
