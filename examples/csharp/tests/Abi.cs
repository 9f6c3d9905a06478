using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Wsrt;

/// <summary>What the binding says by hand about the border, against the golden files of the library.</summary>
internal static class Abi
{
    private const BindingFlags Anything =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // ---- sizes and offsets ----

    internal static void Layouts(string file)
    {
        Type type = null;
        int fields = 0;
        HashSet<string> seen = new HashSet<string> { "wsrt_guid" };
        foreach (string line in File.ReadLines(file))
        {
            string[] words = line.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries);
            int number = int.Parse(words[1]);
            if (!line.StartsWith(" "))
            {
                AllFieldsSeen(type, fields);
                type = words[0] == "wsrt_guid" ? typeof(Guid) : typeof(Native).GetNestedType(words[0], Anything);
                Check.True(type != null, "the binding has " + words[0]);
                Check.Equal(number, Marshal.SizeOf(type), "size of " + words[0]);
                seen.Add(words[0]);
                fields = 0;
            }
            else if (type == typeof(Guid))
            {
                Guid(words[0], number);
            }
            else
            {
                Check.Equal(number, (int)Marshal.OffsetOf(type, words[0]), type.Name + "." + words[0]);
                fields += 1;
            }
        }
        AllFieldsSeen(type, fields);
        IEnumerable<string> structs = typeof(Native).GetNestedTypes(Anything)
            .Where(one => one.IsValueType).Select(one => one.Name);
        Check.True(seen.SetEquals(structs.Concat(new[] { "wsrt_guid" })), "the structs are those of the library");
    }

    private static void AllFieldsSeen(Type type, int fields)
    {
        if (type != null && type != typeof(Guid))
        {
            Check.Equal(fields, type.GetFields(Anything).Length, "fields of " + type.Name);
        }
    }

    /// <summary>System.Guid has other names for its fields: look for the bytes.</summary>
    private static void Guid(string field, int offset)
    {
        IntPtr memory = Marshal.AllocHGlobal(16);
        Marshal.StructureToPtr(new Guid("01020304-0506-0708-090a-0b0c0d0e0f10"), memory, false);
        switch (field)
        {
            case "data1": Check.Equal(0x01020304, Marshal.ReadInt32(memory, offset), field); break;
            case "data2": Check.Equal((short)0x0506, Marshal.ReadInt16(memory, offset), field); break;
            case "data3": Check.Equal((short)0x0708, Marshal.ReadInt16(memory, offset), field); break;
            case "data4":
                for (byte at = 0; at < 8; at++)
                {
                    Check.Equal((byte)(9 + at), Marshal.ReadByte(memory, offset + at), field);
                }
                break;
            default: throw new CheckFailed("wsrt_guid has a " + field);
        }
        Marshal.FreeHGlobal(memory);
    }

    // ---- codes and constants ----

    internal static void Codes(string file)
    {
        Dictionary<string, uint> ours = new Dictionary<string, uint>();
        foreach (FieldInfo field in typeof(Result).GetFields(BindingFlags.Static | BindingFlags.Public))
        {
            ours.Add(Plain(field.Name), unchecked((uint)((Result)field.GetValue(null)).Code));
        }
        FromEnum<LogLevel>(ours, "LOG");
        FromEnum<ResourceState>(ours, "STATE");
        FromEnum<ResourceChange>(ours, "CHANGE");
        FromEnum<DisconnectOutcome>(ours, "OUTCOME");
        FromEnum<DispenserState>(ours, "DISPENSER");
        FromEnum<DispenserResourceState>(ours, "DISPENSERRESOURCE");
        FromEnum<DispenserEvent>(ours, "DISPENSEREVENT");
        foreach (FieldInfo field in typeof(Native).GetFields(Anything).Where(one => one.FieldType == typeof(uint)))
        {
            ours.Add(Plain(field.Name), (uint)field.GetRawConstantValue());
        }
        int count = 0;
        foreach (string[] words in File.ReadLines(file).Select(line => line.Split(' ')))
        {
            string name = Plain(words[0]);
            Check.True(ours.ContainsKey(name), "the binding has " + words[0]);
            Check.Equal(Convert.ToUInt32(words[1], 16), ours[name], words[0]);
            if (count < ours.Count && words[0].Contains("_E_") || words[0].Contains("_S_"))
            {
                Check.Equal(words[0], new Result(unchecked((int)ours[name])).Name, "name of " + words[0]);
            }
            count += 1;
        }
        Check.Equal(count, ours.Count, "number of codes and constants");
    }

    private static void FromEnum<T>(Dictionary<string, uint> ours, string prefix)
    {
        foreach (object value in Enum.GetValues(typeof(T)))
        {
            ours.Add(Plain(prefix + value), Convert.ToUInt32(value));
        }
    }

    /// <summary>WSRT_RPC_E_DISCONNECTED is RpcDisconnected here.</summary>
    private static string Plain(string name)
    {
        string rest = name.Replace("WSRT_", "").Replace("WS_", "");
        foreach (string kind in new[] { "E_", "S_" })
        {
            rest = rest.StartsWith(kind) ? rest.Substring(2) : rest.Replace("_" + kind, "_");
        }
        return rest.Replace("_", "").ToUpperInvariant();
    }

    // ---- functions ----

    internal static void Symbols(string file)
    {
        HashSet<string> imported = new HashSet<string>();
        foreach (MethodInfo method in typeof(Native).GetMethods(Anything))
        {
            DllImportAttribute import = method.GetCustomAttribute<DllImportAttribute>();
            if (import == null)
            {
                continue;
            }
            imported.Add(method.Name);
            Check.Equal("wsrt", import.Value, "library of " + method.Name);
            Check.Equal(CallingConvention.Cdecl, import.CallingConvention, "convention of " + method.Name);
            Check.True(import.PreserveSig, "codes of " + method.Name + " are given to the caller");
            foreach (ParameterInfo parameter in method.GetParameters())
            {
                Check.True(IsPlain(parameter.ParameterType), method.Name + " takes what needs no marshalling");
            }
        }
        Check.True(imported.SetEquals(File.ReadLines(file)), "every function of the library is imported, no other");
        int delegates = 0;
        foreach (Type type in typeof(Native).GetNestedTypes(Anything).Where(one => one.IsSubclassOf(typeof(Delegate))))
        {
            UnmanagedFunctionPointerAttribute pointer = type.GetCustomAttribute<UnmanagedFunctionPointerAttribute>();
            Check.True(pointer != null && pointer.CallingConvention == CallingConvention.Cdecl, type.Name + " is Cdecl");
            delegates += 1;
        }
        Check.True(delegates > 0, "the callbacks are found");
    }

    private static bool IsPlain(Type type)
    {
        if (type.IsByRef)
        {
            return type.GetElementType().IsValueType;
        }
        return type == typeof(int) || type == typeof(uint) || type == typeof(ulong) || type == typeof(IntPtr)
            || type == typeof(UIntPtr) || type == typeof(byte[]);
    }

    // ---- another library ----

    /// <summary>Prints what each thing that may come first says to a library of another version.</summary>
    internal static void Version()
    {
        Action[] first =
        {
            () => new WorkspaceRuntime().Dispose(),
            () => Log.Set(LogLevel.Info, (level, target, message) => { }),
            () => Log.Clear(),
            () => new Dispenser(new CountingDriver()).Dispose(),
            () => Context.Enter(1, 1).Dispose(),
            () => GC.KeepAlive(Context.Instance),
            () => GC.KeepAlive(Context.Transaction),
            () => Notices.InstanceEnded(1),
            () => Notices.TransactionAborting(1),
            () => Notices.TransactionEnded(1, true),
            () => Result.Ok.ToString()
        };
        foreach (Action action in first)
        {
            Console.WriteLine(Check.Throws<NotSupportedException>(action, "another library").Message);
        }
    }
}
