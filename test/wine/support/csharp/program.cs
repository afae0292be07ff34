// The C# of the scripts for PowerShell, in a program of its own.
//   csharp start FOLDER LINE   starts LINE as a job's process is started, prints its id
//   csharp list                prints all processes, then its own id and start by .NET's account
using System;
using System.Diagnostics;

public static class Program
{
    public static int Main(string[] words)
    {
        if (words[0] == "start")
        {
            try { Console.WriteLine(SshViaGatewayDetached.Start(words[2], words[1])); }
            catch (InvalidOperationException problem) { Console.WriteLine(problem.Message); }
            return 0;
        }
        foreach (SshViaGatewayProcess one in SshViaGatewayProcesses.List())
            Console.WriteLine(one.Id + "|" + one.Parent + "|" + one.Name + "|" + one.Start);
        Process self = Process.GetCurrentProcess();
        Console.WriteLine("self|" + self.Id + "|" + self.StartTime.ToFileTimeUtc());
        return 0;
    }
}
