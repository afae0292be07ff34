// Does a process that is started with FLAGS outlive a job object as sshd for Windows makes it?
//   breakaway outer FILE [LINE]   makes the job, runs `inner` in it, or the command line LINE, ends the job
//   breakaway inner FILE   starts two processes as a job of ours is started: with FLAGS, and without the one that leaves
//   breakaway late FILE    writes FILE when the job is long gone
#include <stdio.h>
#include <string.h>
#include <windows.h>

static char self[MAX_PATH];

static PROCESS_INFORMATION run(char *line, DWORD flags) {
  STARTUPINFOA startup = {sizeof startup};
  PROCESS_INFORMATION information = {0};
  if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &information))
    printf("%s failed with %lu\n", line, GetLastError());
  return information;
}

static PROCESS_INFORMATION start(const char *what, const char *file, DWORD flags) {
  char line[3 * MAX_PATH];
  snprintf(line, sizeof line, "\"%s\" %s \"%s\"", self, what, file);
  return run(line, flags);
}

int main(int count, char **words) {
  char other[MAX_PATH];
  if (count < 3) return 2;
  GetModuleFileNameA(NULL, self, sizeof self);
  snprintf(other, sizeof other, "%s.inside", words[2]);
  if (!strcmp(words[1], "late")) {
    Sleep(1500);
    FILE *file = fopen(words[2], "w");
    return file ? fclose(file) : 1;
  }
  if (!strcmp(words[1], "inner")) {
    start("late", words[2], FLAGS);
    start("late", other, FLAGS & ~CREATE_BREAKAWAY_FROM_JOB);
    return 0;
  }
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK;
  HANDLE job = CreateJobObjectA(NULL, NULL);
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  PROCESS_INFORMATION inner = count > 3 ? run(words[3], CREATE_SUSPENDED) : start("inner", words[2], CREATE_SUSPENDED);
  AssignProcessToJobObject(job, inner.hProcess);
  ResumeThread(inner.hThread);
  WaitForSingleObject(inner.hProcess, 20000);
  CloseHandle(job);
  Sleep(4000);
  printf("left the job: %s\n", GetFileAttributesA(words[2]) == INVALID_FILE_ATTRIBUTES ? "ended" : "lives");
  printf("stayed in it: %s\n", GetFileAttributesA(other) == INVALID_FILE_ATTRIBUTES ? "ended" : "lives");
  return 0;
}
