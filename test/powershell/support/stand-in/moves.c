// Loaded into every process of the PC. On Windows a move that must not replace anything is one step; .NET on Linux looks
// first and then renames, so of two that move to one name at the same moment both may succeed. No script of ours
// replaces by a move.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int rename(const char *from, const char *to) {
  int is_net = !strcmp(program_invocation_short_name, "dotnet") || !strcmp(program_invocation_short_name, "pwsh");
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, is_net ? RENAME_NOREPLACE : 0);
}
