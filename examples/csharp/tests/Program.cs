using System;

/// <summary>Tests of the binding; what to run is the first argument. See tests/csharp.rs.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        try
        {
            switch (arguments[0])
            {
                case "abi":
                    Abi.Layouts(arguments[1] + "/layouts.txt");
                    Abi.Codes(arguments[1] + "/codes.txt");
                    Abi.Symbols(arguments[1] + "/symbols.txt");
                    break;
                case "version":
                    Abi.Version();
                    break;
                case "callbacks":
                    Callbacks.Run();
                    break;
                case "throwing":
                    Throwing.Run();
                    break;
                case "lifetimes":
                    Lifetimes.Run();
                    break;
                case "leasing":
                    Leasing.Run();
                    Contexts.Run();
                    break;
                case "pool-callbacks":
                    PoolCallbacks.Run();
                    break;
                case "pool-throwing":
                    PoolThrowing.Run();
                    break;
                case "pool-lifetimes":
                    PoolLifetimes.Run();
                    break;
                case "exit":
                    return Exiting.Run(arguments[1]);
                default:
                    throw new CheckFailed("no such tests: " + arguments[0]);
            }
            Console.WriteLine("passed");
            return 0;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception);
            // Other threads may still be at work.
            Environment.Exit(1);
            return 1;
        }
    }
}
