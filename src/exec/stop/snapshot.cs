// The processes of the PC, from a snapshot of the kernel: for accounts that may not use WMI, which over SSH are all but
// administrators. It contains names and parents of every process, and the rest for the account's own ones. C# 5, which
// is what Windows PowerShell compiles.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

public class SshViaGatewayProcess
{
    public int Id, Parent;
    public string Name, Line;
    // In units of 100 ns; 0 if unknown.
    public long Start;
}

public static class SshViaGatewayProcesses
{
    const uint SnapProcess = 2;
    const uint QueryLimitedInformation = 0x1000;
    // Since Windows 8.1.
    const int CommandLineInformation = 60;
    const int MostOfLine = 66000;

    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    struct Entry
    {
        public uint Size, Usage;
        public int Id;
        public IntPtr Heap;
        public uint Module, Threads;
        public int Parent, Priority;
        public uint Flags;
        [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 260)]
        public string Name;
    }

    [DllImport("kernel32.dll", ExactSpelling = true, SetLastError = true)]
    static extern IntPtr CreateToolhelp32Snapshot(uint flags, int process);

    [DllImport("kernel32.dll", ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool Process32FirstW(IntPtr snapshot, ref Entry entry);

    [DllImport("kernel32.dll", ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool Process32NextW(IntPtr snapshot, ref Entry entry);

    [DllImport("kernel32.dll", ExactSpelling = true)]
    static extern IntPtr OpenProcess(uint access, [MarshalAs(UnmanagedType.Bool)] bool inherit, int id);

    [DllImport("kernel32.dll", ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool GetProcessTimes(IntPtr process, out long start, out long end, out long kernel, out long user);

    [DllImport("ntdll.dll", ExactSpelling = true)]
    static extern int NtQueryInformationProcess(IntPtr process, int kind, IntPtr answer, uint length, out uint needed);

    [DllImport("kernel32.dll", ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool CloseHandle(IntPtr handle);

    public static SshViaGatewayProcess[] List()
    {
        IntPtr snapshot = CreateToolhelp32Snapshot(SnapProcess, 0);
        if (snapshot == new IntPtr(-1)) throw new InvalidOperationException("no snapshot: " + Marshal.GetLastWin32Error());
        IntPtr answer = Marshal.AllocHGlobal(MostOfLine);
        try
        {
            List<SshViaGatewayProcess> found = new List<SshViaGatewayProcess>();
            Entry entry = new Entry();
            entry.Size = (uint)Marshal.SizeOf(typeof(Entry));
            for (bool more = Process32FirstW(snapshot, ref entry); more; more = Process32NextW(snapshot, ref entry))
            {
                SshViaGatewayProcess one = new SshViaGatewayProcess();
                one.Id = entry.Id;
                one.Parent = entry.Parent;
                one.Name = entry.Name;
                LookInto(one, answer);
                found.Add(one);
            }
            return found.ToArray();
        }
        finally
        {
            Marshal.FreeHGlobal(answer);
            CloseHandle(snapshot);
        }
    }

    static void LookInto(SshViaGatewayProcess one, IntPtr answer)
    {
        IntPtr process = OpenProcess(QueryLimitedInformation, false, one.Id);
        if (process == IntPtr.Zero) return;
        try
        {
            long start, end, kernel, user;
            if (GetProcessTimes(process, out start, out end, out kernel, out user)) one.Start = start;
            uint needed;
            if (NtQueryInformationProcess(process, CommandLineInformation, answer, MostOfLine, out needed) < 0) return;
            // A UNICODE_STRING: its length in bytes, and behind it where its text is.
            int length = (ushort)Marshal.ReadInt16(answer) / 2;
            one.Line = Marshal.PtrToStringUni(Marshal.ReadIntPtr(answer, IntPtr.Size), length);
        }
        finally
        {
            CloseHandle(process);
        }
    }
}
