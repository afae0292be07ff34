// Stands for the functions of kernel32.dll and ntdll.dll that the C# calls, so that it runs with its real marshalling.
// What it is asked must be what Windows needs: other flags, handles to inherit or a wrong structure are refused.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { access_denied = 5, invalid_parameter = 87 };
enum { new_process_group = 0x200, breakaway = 0x01000000, no_window = 0x08000000 };

struct startup_info {
  uint32_t size;
  void *reserved, *desktop, *title;
  uint32_t numbers[8];
  uint16_t show, reserved_size;
  void *reserved_bytes, *input, *output, *error;
};
struct process_information {
  void *process, *thread;
  int32_t process_id, thread_id;
};

static void to_utf8(const uint16_t *from, char *to) {
  for (; *from; from++) {
    if (*from < 0x80) *to++ = (char)*from;
    else if (*from < 0x800) { *to++ = 0xc0 | *from >> 6; *to++ = 0x80 | (*from & 0x3f); }
    else { *to++ = 0xe0 | *from >> 12; *to++ = 0x80 | (*from >> 6 & 0x3f); *to++ = 0x80 | (*from & 0x3f); }
  }
  *to = 0;
}

static int exists(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("STAND_IN"), name);
  return access(path, F_OK) == 0;
}

// Twice, so that nobody here has to wait for its end.
static int32_t start(const char *line, const char *folder) {
  int channel[2];
  int32_t id = 0;
  if (pipe2(channel, O_CLOEXEC)) return 0;
  pid_t between = fork();
  if (between == 0) {
    pid_t child = fork();
    if (child == 0) {
      int null = open("/dev/null", O_RDWR);
      setsid();
      for (int n = 0; n < 3; n++) dup2(null, n);
      if (chdir(folder) == 0) execl("/bin/sh", "sh", "-c", line, (char *)0);
      _exit(127);
    }
    id = child;
    _exit(write(channel[1], &id, sizeof id) != sizeof id);
  }
  close(channel[1]);
  if (read(channel[0], &id, sizeof id) != sizeof id) id = 0;
  close(channel[0]);
  waitpid(between, 0, 0);
  return id;
}

int32_t CreateProcessW(void *application, uint16_t *command_line, void *process_attributes, void *thread_attributes,
                       int32_t inherit, uint32_t flags, void *environment, const uint16_t *folder,
                       struct startup_info *startup, struct process_information *information) {
  static char line[1 << 17], where[1 << 13];
  errno = invalid_parameter;
  if (application || process_attributes || thread_attributes || environment || inherit) return 0;
  if (flags != (breakaway | new_process_group | no_window)) return 0;
  if (startup->size != 104 || sizeof *startup != 104 || startup->input || startup->output || startup->error) return 0;
  if (exists("no-breakaway")) return errno = access_denied, 0;
  strcpy(line, exists("stillborn") ? "exit 1 #" : "exec ");
  to_utf8(command_line, line + strlen(line));
  to_utf8(folder, where);
  information->process = information->thread = (void *)1;
  information->process_id = start(line, where);
  return information->process_id > 0;
}

// Handles: 1 for what nobody asks about, 2 for the one snapshot at a time, 16 more than the id for a process.
enum { snapshot_handle = 2, process_handle = 16 };

int32_t CloseHandle(void *handle) { return handle != 0; }

struct process_entry {
  uint32_t size, usage;
  int32_t id;
  void *heap;
  uint32_t module, threads;
  int32_t parent, priority;
  uint32_t flags;
  uint16_t name[260];
};

static DIR *processes;

void *CreateToolhelp32Snapshot(uint32_t flags, int32_t process) {
  if (flags != 2 || process || exists("no-snapshot")) return errno = access_denied, (void *)-1;
  if (processes) closedir(processes);
  processes = opendir("/proc");
  return (void *)snapshot_handle;
}

static size_t read_of(int32_t id, const char *what, char *to, size_t most) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", id, what);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, to, most - 1);
  close(file);
  to[length > 0 ? length : 0] = 0;
  return length > 0 ? length : 0;
}

// Its parent (see parents.c), its start in ticks of 10 ms, and its name.
static int stat_of(int32_t id, int32_t *parent, unsigned long long *start, char name[64]) {
  char text[1024];
  if (!read_of(id, "stat", text, sizeof text)) return 0;
  char *open = strchr(text, '('), *close = strrchr(text, ')');
  if (!open || !close) return 0;
  snprintf(name, 64, "%.*s", (int)(close - open - 1), open + 1);
  if (sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", parent,
             start) != 2) return 0;
  snprintf(text, sizeof text, "%s/parents/%d-%llu", getenv("STAND_IN"), id, *start);
  FILE *note = fopen(text, "re");
  if (note && fscanf(note, "%d", parent) != 1) *parent = 0;
  if (note) fclose(note);
  return 1;
}

int32_t Process32NextW(void *snapshot, struct process_entry *entry) {
  char name[64];
  unsigned long long start;
  if (snapshot != (void *)snapshot_handle || entry->size != 568 || sizeof *entry != 568) return 0;
  for (struct dirent *one; (one = readdir(processes));) {
    if (!isdigit((unsigned char)one->d_name[0])) continue;
    entry->id = atoi(one->d_name);
    if (!stat_of(entry->id, &entry->parent, &start, name)) continue;
    size_t n = 0;
    for (; name[n]; n++) entry->name[n] = (unsigned char)name[n];
    entry->name[n] = 0;
    return 1;
  }
  return 0;
}

int32_t Process32FirstW(void *snapshot, struct process_entry *entry) { return Process32NextW(snapshot, entry); }

void *OpenProcess(uint32_t access, int32_t inherit, int32_t id) {
  char text[16];
  // As for the processes of other accounts.
  if (access != 0x1000 || inherit || !read_of(id, "environ", text, sizeof text)) return 0;
  return (void *)(intptr_t)(id + process_handle);
}

int32_t GetProcessTimes(void *process, int64_t *start, int64_t *end, int64_t *kernel, int64_t *user) {
  char name[64];
  int32_t parent;
  unsigned long long ticks;
  *end = *kernel = *user = 0;
  if (!stat_of((intptr_t)process - process_handle, &parent, &ticks, name)) return 0;
  // Once: it must be the same for each look.
  static int64_t boot;
  if (!boot) {
    struct timespec now, up;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    boot = 116444736000000000 + (now.tv_sec - up.tv_sec) * 10000000 + (now.tv_nsec - up.tv_nsec) / 100;
  }
  *start = boot + (int64_t)ticks * 100000;
  return 1;
}

struct unicode_string {
  uint16_t length, most;
  uint16_t *text;
};

// A function of ntdll.dll.
int32_t NtQueryInformationProcess(void *process, int32_t kind, struct unicode_string *answer, uint32_t length,
                                  uint32_t *needed) {
  static char text[1 << 17], line[1 << 17];
  const char *const mark = "SSH_ORIGINAL_COMMAND=";
  int32_t id = (intptr_t)process - process_handle;
  size_t size = read_of(id, "environ", text, sizeof text), n = 0;
  if (kind != 60 || length < 65552 || sizeof *answer != 16) return -1;
  for (char *one = text; one < text + size; one += strlen(one) + 1) {
    if (strncmp(one, mark, strlen(mark)) == 0) n = snprintf(line, sizeof line, "cmd.exe /c \"%s\"", one + strlen(mark));
  }
  if (!n) {
    n = read_of(id, "cmdline", line, sizeof line);
    for (size_t at = 0; at < n; at++) if (!line[at]) line[at] = ' ';
  }
  if (n > 32766) return -1;
  answer->text = (uint16_t *)(answer + 1);
  answer->length = answer->most = n * 2;
  for (size_t at = 0; at < n; at++) answer->text[at] = (unsigned char)line[at];
  *needed = sizeof *answer + answer->length;
  return 0;
}
