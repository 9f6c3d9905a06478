using System;

namespace Wsrt
{
    /// <summary>What a client with a live connection answers to.</summary>
    /// <remarks>
    /// <para>Inside every one of these every call is allowed, on any object. No lock of the library is held.</para>
    /// <para>
    /// Exceptions are caught, offered to <see cref="CallbackErrors.Caught"/>, and answered as the code of a
    /// <see cref="WsrtException"/>, else as <see cref="Result.Fail"/>.
    /// </para>
    /// <para>
    /// While it is registered the library holds the client: a client that refers to its <see cref="Registration"/> or
    /// its <see cref="WorkspaceRuntime"/> keeps that alive, too, so that only an explicit removal ends it.
    /// </para>
    /// </remarks>
    public interface IWorkspaceClient
    {
        /// <summary>Tells the id of the workspace that the connection belongs to.</summary>
        /// <remarks>Called once, during Add, on its thread. An exception or an empty id fails the Add.</remarks>
        /// <returns>The id, at most 4,096 bytes of UTF-8.</returns>
        string GetResourceId();

        /// <summary>Tells the name to show.</summary>
        /// <remarks>Called once, during Add, on its thread. An exception gives the empty name.</remarks>
        /// <returns>The name, at most 4,096 bytes of UTF-8; may be null.</returns>
        string GetResourceDisplayName();

        /// <summary>Ends the connection.</summary>
        /// <remarks>
        /// On the thread that disconnects, or on one of the library's; it may come before Add has returned, but never
        /// twice at once for one registration. The registration stays until it is removed, which may be done in here,
        /// by <see cref="WorkspaceRuntime.Remove(uint)"/> or by the registration.
        /// </remarks>
        /// <param name="cookie">Names the registration.</param>
        /// <returns>
        /// How it went. <see cref="Result.RpcDisconnected"/> and <see cref="Result.CoObjNotConnected"/>: the connection
        /// is gone already, and the registration is dropped.
        /// </returns>
        Result IssueDisconnect(uint cookie);

        /// <summary>The registration has ended, and nothing of this client runs any more.</summary>
        /// <remarks>Called exactly once per successful Add, on any thread, also the finalizer's.</remarks>
        void Released();
    }

    /// <summary>A client made of what it would say.</summary>
    internal sealed class DelegateClient : IWorkspaceClient
    {
        private readonly string workspaceId;
        private readonly string displayName;
        private readonly Func<uint, Result> issueDisconnect;
        private readonly Action released;

        internal DelegateClient(
            string workspaceId, string displayName, Func<uint, Result> issueDisconnect, Action released)
        {
            this.workspaceId = workspaceId;
            this.displayName = displayName;
            this.issueDisconnect = issueDisconnect;
            this.released = released;
        }

        public string GetResourceId()
        {
            return workspaceId;
        }

        public string GetResourceDisplayName()
        {
            return displayName;
        }

        public Result IssueDisconnect(uint cookie)
        {
            return issueDisconnect(cookie);
        }

        public void Released()
        {
            released?.Invoke();
        }
    }
}
