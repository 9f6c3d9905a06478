using System;
using Wsrt;

/// <summary>For which object and in which transaction threads run.</summary>
internal static class Contexts
{
    internal static void Run()
    {
        ScopesRestore();
        ScopesBelongToTheirThread();
        WhatHasEndedIsNotBegunAgain();
        ATransactionKeepsWhatIsItsOwn();
    }

    private static void Is(ulong instance, ulong transaction)
    {
        Check.Equal(instance, Context.Instance, "object");
        Check.Equal(transaction, Context.Transaction, "transaction");
    }

    private static void ScopesRestore()
    {
        Is(0, 0);
        using (Context.Enter(1, 101))
        {
            Is(1, 101);
            using (ContextScope inner = Context.Enter(2, 102))
            {
                Is(2, 102);
                inner.Dispose();
                Is(1, 101);
                using (Context.Enter(0, 0))
                {
                    Is(0, 0);
                    // Left already: the outer one does not come back too early.
                    inner.Dispose();
                    Is(0, 0);
                }
            }
            Is(1, 101);
            Check.Together(() => Is(0, 0));
        }
        Is(0, 0);
        try
        {
            using (Context.Enter(1, 101))
            {
                throw new InvalidOperationException();
            }
        }
        catch (InvalidOperationException)
        {
            Is(0, 0);
        }
        Notices.TransactionEnded(101, true);
        Notices.TransactionEnded(102, true);
    }

    private static void ScopesBelongToTheirThread()
    {
        ContextScope scope = Context.Enter(1, 0);
        Check.Together(() =>
        {
            using (Context.Enter(2, 0))
            {
                Check.Throws<InvalidOperationException>(scope.Dispose, "on another thread");
                Is(2, 0);
            }
        });
        Is(1, 0);
        scope.Dispose();
        Is(0, 0);
    }

    private static void WhatHasEndedIsNotBegunAgain()
    {
        using (Context.Enter(1, 103))
        {
            using (Context.Enter(2, 104))
            {
                Notices.TransactionEnded(103, true);
            }
            Is(1, 0);
            Notices.TransactionEnded(104, true);
        }
        Is(0, 0);
        // Nor by another thread, at any time.
        for (int round = 0; round < 200; round++)
        {
            Check.Together(
                () =>
                {
                    using (Context.Enter(0, 105))
                    {
                        Context.Enter(0, 0).Dispose();
                        Notices.TransactionEnded(105, true);
                    }
                },
                () => Notices.TransactionEnded(105, false));
        }
    }

    private static void ATransactionKeepsWhatIsItsOwn()
    {
        CountingDriver driver = new CountingDriver();
        ulong enlistedIn = 0;
        driver.WhenEnlisted = (resource, transaction) =>
        {
            enlistedIn = transaction;
            return Result.Ok;
        };
        using (Dispenser pool = new Dispenser(driver))
        {
            ulong mine;
            using (Context.Enter(0, 106))
            {
                using (Lease lease = pool.Lease(1))
                {
                    mine = lease.Resource;
                }
                Check.Equal(106ul, enlistedIn, "transaction");
                using (Lease again = pool.Lease(1))
                {
                    Check.Equal(mine, again.Resource, "the same");
                    Check.Equal(1, driver.Enlisted, "enlisted once");
                }
            }
            using (Lease other = pool.Lease(1))
            {
                Check.True(other.Resource != mine, "another");
            }
            using (Context.Enter(0, 106))
            {
                Notices.TransactionAborting(106);
                Check.Fails(Result.TxAborting, () => pool.Lease(1), "aborting");
                Check.Fails(Result.TxAborting, () => pool.Track(50), "aborting");
                Notices.TransactionEnded(106, false);
                Is(0, 0);
                pool.Lease(1).Dispose();
            }
            Check.Fails(Result.InvalidArg, () => Notices.TransactionAborting(0), "no transaction");
            Check.Fails(Result.InvalidArg, () => Notices.TransactionEnded(0, true), "no transaction");
        }
    }
}
