/* Reads command lines from stdin, one a line, as UTF-16 in hexadecimal, and starts each through CreateProcess as it
   is. Behind what a process prints comes its exit code. */
#include <windows.h>
#include <stdio.h>

static wchar_t line[40000];
static char hex[170000];

static void launch(void) {
  STARTUPINFOW start = {sizeof start};
  PROCESS_INFORMATION process;
  DWORD code;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
    printf("error %lu\n", GetLastError());
    return;
  }
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  CloseHandle(process.hProcess);
  CloseHandle(process.hThread);
  printf("exit %lu\n", code);
}

int main(void) {
  while (fgets(hex, sizeof hex, stdin)) {
    int length = 0;
    unsigned unit;
    for (const char *c = hex; sscanf(c, "%4x", &unit) == 1; c += 4) line[length++] = (wchar_t)unit;
    line[length] = 0;
    launch();
    fflush(stdout);
  }
  return 0;
}
