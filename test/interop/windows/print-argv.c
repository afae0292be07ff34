/* Prints what this process was started with, as UTF-16 in hexadecimal, one line:
   its arguments, separated by commas; with --env NAME a variable, with --cwd the current folder. */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

static void print(const wchar_t *text) {
  printf("-");
  for (; *text; text++) printf("%04x", *text);
}

int wmain(int argc, wchar_t **argv) {
  static wchar_t value[32768];
  if (argc == 3 && wcscmp(argv[1], L"--env") == 0) {
    GetEnvironmentVariableW(argv[2], value, 32768);
    print(value);
  } else if (argc == 2 && wcscmp(argv[1], L"--cwd") == 0) {
    GetCurrentDirectoryW(32768, value);
    print(value);
  } else {
    for (int i = 1; i < argc; i++) {
      print(argv[i]);
      if (i + 1 < argc) printf(",");
    }
  }
  printf("\n");
  return 0;
}
