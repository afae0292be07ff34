/* hold FILE MS: keeps FILE open so that nobody may rename or remove it, as a virus scanner does. FILE.held says that it is so. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int main(int argc, char **argv) {
  char note[MAX_PATH];
  HANDLE file = argc < 3 ? INVALID_HANDLE_VALUE
                         : CreateFileA(argv[1], GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                       OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return 1;
  snprintf(note, sizeof note, "%s.held", argv[1]);
  CloseHandle(CreateFileA(note, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
  Sleep(atoi(argv[2]));
  return 0;
}
