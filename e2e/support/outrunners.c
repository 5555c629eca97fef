/* Processes that are hard to find or to end. outrunners KIND FILE: detaches, and adds to FILE for as long as it lives. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *file;

static void mark(void) {
    int descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (descriptor >= 0) {
        if (write(descriptor, ".", 1) < 0) _exit(1);
        close(descriptor);
    }
}

static void *beat(void *unused) {
    for (;;) {
        mark();
        usleep(20000);
    }
    return unused;
}

static void turn_deaf(void) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
}

/* The first thread ends, and with it what /proc shows of the process; others go on, and so does a child. */
static void lose_leader(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, beat, NULL);
    if (fork() == 0) beat(NULL);
    syscall(SYS_exit, 0);
}

/* Each forks its heir and ends, some ten thousand times a second. With a timer each is woken when it is stopped. */
static void chain(int is_woken) {
    if (is_woken) signal(SIGCONT, SIG_DFL);
    for (unsigned long number = 0;; number++) {
        pid_t heir = fork();
        if (heir > 0) _exit(0);
        if (heir < 0) continue;
        if (is_woken) {
            timer_t timer;
            struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
            struct itimerspec often = {{0, 100000}, {0, 100000}};
            timer_create(CLOCK_MONOTONIC, &event, &timer);
            timer_settime(timer, 0, &often, NULL);
        }
        if (number % 100 == 0) mark();
    }
}

static void adopt(void) {
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int number = 0; number < 2; number++) {
        if (fork() == 0) {
            setsid();
            if (fork() == 0) beat(NULL);
            _exit(0);
        }
    }
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        beat(NULL);
    }
}

/* Children that are nobody's: their parent is the parent of whoever made them, or they end without SIGCHLD. */
static void disown(void) {
    for (int number = 0; number < 2; number++) {
        if (syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0) == 0 || syscall(SYS_clone, 0, 0, 0, 0, 0) == 0) {
            setsid();
            beat(NULL);
        }
    }
    _exit(0);
}

static void hide_memory(void) {
    prctl(PR_SET_DUMPABLE, 0);
    if (fork() == 0) setsid();
    beat(NULL);
}

static void stop_itself(void) {
    if (fork() == 0) mark();
    raise(SIGSTOP);
    beat(NULL);
}

int main(int count, char **words) {
    if (count < 3) return 2;
    file = words[2];
    setsid();
    if (fork() > 0) _exit(0);
    turn_deaf();
    mark();
    if (!strcmp(words[1], "leader")) lose_leader();
    if (!strcmp(words[1], "chain")) chain(0);
    if (!strcmp(words[1], "woken")) chain(1);
    if (!strcmp(words[1], "subreaper")) adopt();
    if (!strcmp(words[1], "disowned")) disown();
    if (!strcmp(words[1], "undumpable")) hide_memory();
    if (!strcmp(words[1], "stopped")) stop_itself();
    return 2;
}
