/*
 * Loaded into a program (LD_PRELOAD), this kills it as `kill -9` does, at one exact point of its work with some files:
 * before or after (KILL_WHEN) its first call of KILL_CALL (flock, write, fsync or rename) for a file whose path contains
 * KILL_PATH. `during` a write is after half of the bytes.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_point(const char *call, const char *when) {
    const char *wanted_call = getenv("KILL_CALL"), *wanted_when = getenv("KILL_WHEN");
    return wanted_call && wanted_when && strcmp(call, wanted_call) == 0 && strcmp(when, wanted_when) == 0;
}

static int is_meant(const char *path) {
    const char *part = getenv("KILL_PATH");
    return part && strstr(path, part) != NULL;
}

static int is_meant_descriptor(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_meant(path);
}

static void at(const char *call, const char *when) {
    if (is_point(call, when)) kill(getpid(), SIGKILL);
}

int flock(int descriptor, int operation) {
    if (!is_meant_descriptor(descriptor)) return (int)syscall(SYS_flock, descriptor, operation);
    at("flock", "before");
    int outcome = (int)syscall(SYS_flock, descriptor, operation);
    at("flock", "after");
    return outcome;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (!is_meant_descriptor(descriptor)) return syscall(SYS_write, descriptor, bytes, count);
    at("write", "before");
    if (is_point("write", "during")) {
        syscall(SYS_write, descriptor, bytes, count / 2);
        kill(getpid(), SIGKILL);
    }
    ssize_t outcome = syscall(SYS_write, descriptor, bytes, count);
    at("write", "after");
    return outcome;
}

int fsync(int descriptor) {
    if (!is_meant_descriptor(descriptor)) return (int)syscall(SYS_fsync, descriptor);
    at("fsync", "before");
    int outcome = (int)syscall(SYS_fsync, descriptor);
    at("fsync", "after");
    return outcome;
}

int rename(const char *from, const char *to) {
    if (!is_meant(to) || access(from, F_OK) != 0) return (int)syscall(SYS_rename, from, to);
    at("rename", "before");
    int outcome = (int)syscall(SYS_rename, from, to);
    at("rename", "after");
    return outcome;
}
