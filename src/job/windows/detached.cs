// Starts a process that outlives the session. sshd for Windows puts what a session starts into a job object, which may
// end it together with the session; but that job lets a process leave on request (JOB_OBJECT_LIMIT_BREAKAWAY_OK). No
// WMI service is involved, so no administrator is needed. C# 5, which is what Windows PowerShell compiles.
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;

public static class SshViaGatewayDetached
{
    const uint CreateNewProcessGroup = 0x00000200;
    const uint CreateBreakawayFromJob = 0x01000000;
    // An invisible console, shared by the command and what it starts.
    const uint CreateNoWindow = 0x08000000;

    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    struct StartupInfo
    {
        public uint Size;
        public IntPtr Reserved, Desktop, Title;
        public uint X, Y, Width, Height, Columns, Rows, FillAttribute, Flags;
        public ushort ShowWindow, ReservedSize;
        public IntPtr ReservedBytes, Input, Output, Error;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct ProcessInformation
    {
        public IntPtr Process, Thread;
        public int ProcessId, ThreadId;
    }

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool CreateProcessW(
        IntPtr application, System.Text.StringBuilder commandLine, IntPtr processAttributes, IntPtr threadAttributes,
        [MarshalAs(UnmanagedType.Bool)] bool inheritHandles, uint flags, IntPtr environment, string folder,
        ref StartupInfo startupInfo, out ProcessInformation information);

    [DllImport("kernel32.dll", ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    static extern bool CloseHandle(IntPtr handle);

    // The id of the new process. No handle is inherited: the session's pipes close when the session ends.
    public static int Start(string commandLine, string folder)
    {
        StartupInfo startupInfo = new StartupInfo();
        startupInfo.Size = (uint)Marshal.SizeOf(typeof(StartupInfo));
        ProcessInformation information;
        uint flags = CreateBreakawayFromJob | CreateNewProcessGroup | CreateNoWindow;
        if (!CreateProcessW(IntPtr.Zero, new System.Text.StringBuilder(commandLine), IntPtr.Zero, IntPtr.Zero, false, flags,
            IntPtr.Zero, folder, ref startupInfo, out information))
        {
            int code = Marshal.GetLastWin32Error();
            throw new InvalidOperationException("CreateProcess failed with " + code + " (" + new Win32Exception(code).Message + ")");
        }
        CloseHandle(information.Thread);
        CloseHandle(information.Process);
        return information.ProcessId;
    }
}
