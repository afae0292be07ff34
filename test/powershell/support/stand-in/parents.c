// Loaded into every process of the PC. Windows never changes whose child a process is; Linux does when the parent ends. So
// each process notes its parent when it begins: in $STAND_IN/parents/<id>, with its start, since ids are given again.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void note(void) {
  char text[1024], path[4096];
  int id = getpid(), file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  unsigned long long start;
  int parent;
  char *rest = strrchr(text, ')');
  if (!rest || !getenv("STAND_IN")) return;
  if (sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &parent, &start) != 2)
    return;
  snprintf(path, sizeof path, "%s/parents/%d-%llu", getenv("STAND_IN"), id, start);
  // The first note counts: a program that replaces another one may have lost its parent by then.
  file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return;
  dprintf(file, "%d", parent);
  close(file);
}
