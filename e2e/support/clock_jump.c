/*
 * Loaded into a program (LD_PRELOAD), this makes its clocks jump while it runs. The file that CLOCK_JUMP_FILE names holds
 * two numbers of 64 bits, in nanoseconds: how far the wall clock is ahead of the machine's, and how long the machine has
 * slept, by which the clock that goes on in sleep (CLOCK_BOOTTIME) is ahead of the one that stands still
 * (CLOCK_MONOTONIC).
 *
 * libfaketime is not used: it moves every absolute timer by the wall clock's jump, those included that wait for a clock
 * that never jumps, and so breaks any program with such timers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, MOST_DESCRIPTORS = 4096 };

struct jumps {
    int64_t wall, slept;
};

static const struct jumps *shared;

/* The timers that wait for a moment of CLOCK_BOOTTIME, by descriptor. When the machine wakes, some are due at once. */
static struct timer {
    int is_boottime, is_waiting;
    int64_t deadline;
} timers[MOST_DESCRIPTORS];
static pthread_mutex_t timers_lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t wall(void) {
    return shared ? __atomic_load_n(&shared->wall, __ATOMIC_SEQ_CST) : 0;
}

static int64_t slept(void) {
    return shared ? __atomic_load_n(&shared->slept, __ATOMIC_SEQ_CST) : 0;
}

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

static struct timespec timespec_of(int64_t nanoseconds) {
    struct timespec time = {nanoseconds / SECOND, nanoseconds % SECOND};
    if (time.tv_nsec < 0) {
        time.tv_nsec += SECOND;
        time.tv_sec -= 1;
    }
    return time;
}

/* The calls of the C library that are replaced. */

int clock_gettime(clockid_t clock, struct timespec *time) {
    int outcome = (int)syscall(SYS_clock_gettime, clock, time);
    if (outcome != 0) return outcome;
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI: *time = timespec_of(nanoseconds(*time) + wall()); break;
    case CLOCK_BOOTTIME: *time = timespec_of(nanoseconds(*time) + slept()); break;
    }
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

int timerfd_create(clockid_t clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) {
        pthread_mutex_lock(&timers_lock);
        timers[descriptor] = (struct timer){.is_boottime = clock == CLOCK_BOOTTIME};
        pthread_mutex_unlock(&timers_lock);
    }
    return descriptor;
}

/* The kernel's clock has not slept: its deadlines are earlier than ours. Zero would mean none at all. */
static int set_boottime_timer(int descriptor, int64_t deadline, struct timespec interval, struct itimerspec *before) {
    int64_t due = deadline - slept();
    struct itimerspec setting = {interval, timespec_of(due > 0 ? due : 1)};
    return (int)syscall(SYS_timerfd_settime, descriptor, TFD_TIMER_ABSTIME, &setting, before);
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *setting, struct itimerspec *before) {
    if (descriptor < 0 || descriptor >= MOST_DESCRIPTORS || !timers[descriptor].is_boottime)
        return (int)syscall(SYS_timerfd_settime, descriptor, flags, setting, before);
    int64_t deadline = nanoseconds(setting->it_value);
    int is_waiting = deadline != 0 && flags & TFD_TIMER_ABSTIME;
    pthread_mutex_lock(&timers_lock);
    timers[descriptor].is_waiting = is_waiting;
    timers[descriptor].deadline = deadline;
    int outcome = is_waiting ? set_boottime_timer(descriptor, deadline, setting->it_interval, before)
                             : (int)syscall(SYS_timerfd_settime, descriptor, flags, setting, before);
    pthread_mutex_unlock(&timers_lock);
    return outcome;
}

/* Sets the timers anew whenever the machine has slept. */
static void *watch_sleep(void *unused) {
    int64_t known = slept();
    (void)unused;
    for (;;) {
        usleep(10 * 1000);
        if (slept() == known) continue;
        known = slept();
        pthread_mutex_lock(&timers_lock);
        for (int descriptor = 0; descriptor < MOST_DESCRIPTORS; descriptor++) {
            struct timer timer = timers[descriptor];
            struct itimerspec now;
            if (!timer.is_waiting || syscall(SYS_timerfd_gettime, descriptor, &now) != 0) continue;
            /* One that has gone off is left alone. */
            if (nanoseconds(now.it_value) != 0) set_boottime_timer(descriptor, timer.deadline, now.it_interval, NULL);
        }
        pthread_mutex_unlock(&timers_lock);
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_JUMP_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof(struct jumps), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) abort();
    shared = mapped;
    /* The program's own threads are the ones to take its signals. */
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, watch_sleep, NULL) != 0) abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
