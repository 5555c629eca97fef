/* What `python3` runs with --python instant, by the directory that comes first in PATH. Runs the interpreter that would be
 * found without it, or, for a plain command whose program imports large packages, becomes a process that has already
 * imported them: it maps a snapshot of one (snapshot.h) in place of itself. It stays the same process for the kernel, so
 * its parent, descriptors, limits and exit status are what they would be anyway.
 *
 * Whatever is out of the ordinary ends in the real interpreter. That is possible until the very last step, because
 * nothing is consumed and an exec discards everything.
 *
 * Freestanding: there is no C library whose state would have to make room for that of the snapshot. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/rseq.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "freestanding.h"
#include "program_text.h"
#include "snapshot.h"

/* REAL: the interpreter. OWN: the directory of this program. ALIASES: the paths by which the interpreter is known, each with
 * a zero byte at its end. */

#define RSEQ_SIGNATURE 0x53053053
#define RSEQ_SIZE 32
#define ARCH_SET_FS 0x1002
#define FIRST_PROCESS 1
#define AT_SYSINFO_EHDR 33

static char executable[PATH_SIZE];
static struct launch launch;

/* Finds what the command would run if this program were not in PATH, as Python and shells do. Returns whether that is the
 * interpreter, by a name of which no virtual environment is known. */
static int find_executable(const char *name, char **environment) {
    if (has_prefix(name, OWN "/")) name += sizeof OWN;
    size_t length = strlen(name);
    const char *path = variable(environment, "PATH");
    if (!length || length > 64 || !path) return 0;
    for (size_t i = 0; i < length; i++)
        if (name[i] == '/') return 0;
    for (;;) {
        const char *end = path;
        while (*end && *end != ':') end++;
        size_t size = end - path;
        if (size + length + 3 > PATH_SIZE) return 0;
        memcpy(executable, path, size);
        if (!size) executable[size++] = '.';
        executable[size] = 0;
        int is_own = is_equal(executable, OWN);
        executable[size++] = '/';
        memcpy(executable + size, name, length + 1);
        struct stat status;
        if (!is_own && call(__NR_stat, executable, &status, 0, 0) == 0 && S_ISREG(status.st_mode) &&
            status.st_mode & 0111)
            return is_listed(ALIASES, executable, size + length);
        if (!*end) break;
        path = end + 1;
    }
    executable[0] = 0;
    return 0;
}

/* The snapshot. */

/* Whether process 1 of this sandbox listens at the other end. Where sandboxes share a network, they share the names of such
 * sockets too. */
static int is_from_guest(int descriptor) {
    struct ucred peer = {0};
    int size = sizeof peer;
    return call6(__NR_getsockopt, descriptor, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size, 0) == 0 &&
           peer.pid == FIRST_PROCESS;
}

static int receive_snapshot(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, SNAPSHOT_SOCKET, sizeof SNAPSHOT_SOCKET - 1);
    int size = offsetof(struct sockaddr_un, sun_path) + sizeof SNAPSHOT_SOCKET;
    int descriptor = call(__NR_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
    if (descriptor < 0) return -1;
    long limit[2] = {2, 0};
    call6(__NR_setsockopt, descriptor, SOL_SOCKET, SO_RCVTIMEO, (long)limit, sizeof limit, 0);
    int result = -1;
    names[names_length++] = '\n';
    if (call(__NR_connect, descriptor, &address, size, 0) == 0 && is_from_guest(descriptor) &&
        call6(__NR_sendto, descriptor, (long)names, names_length, MSG_NOSIGNAL, 0, 0) == (long)names_length) {
        char byte;
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec vector = {&byte, 1};
        struct msghdr message = {
            .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        if (call(__NR_recvmsg, descriptor, &message, MSG_CMSG_CLOEXEC, 0) == 1 &&
            message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS)
            memcpy(&result, CMSG_DATA(&control.header), sizeof result);
    }
    call(__NR_close, descriptor, 0, 0, 0);
    return result;
}

static long map(uint64_t start, uint64_t size, int protection, int flags, int descriptor, uint64_t offset) {
    long result = call6(__NR_mmap, start, size, protection, flags | MAP_FIXED_NOREPLACE, descriptor, offset);
    return result == (long)start ? 0 : -1;
}

/* Maps header and tables of a snapshot, if it is one that is whole and can't change any more; returns NULL otherwise. */
static const struct snapshot *map_tables(int descriptor) {
    struct stat status;
    struct snapshot header;
    const long seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    long sealed = call(__NR_fcntl, descriptor, F_GET_SEALS, 0, 0);
    if (sealed < 0 || (sealed & seals) != seals || call(__NR_fstat, descriptor, &status, 0, 0) != 0 ||
        call(__NR_pread64, descriptor, &header, sizeof header, 0) != sizeof header || header.magic != SNAPSHOT_MAGIC ||
        header.file_size != (uint64_t)status.st_size || header.tables_size < sizeof header ||
        header.tables_size > MAX_TABLES || header.tables_size > header.file_size ||
        map(TABLES_ADDRESS, header.tables_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0))
        return NULL;
    const struct snapshot *snapshot = (const void *)TABLES_ADDRESS;
    return checksum_of(snapshot) == snapshot->checksum ? snapshot : NULL;
}

/* Whether the environment is one in which the imported modules would have been the same. */
static int has_same_variables(const char *tables, const struct snapshot *snapshot, char **environment) {
    const char *list = tables + snapshot->variables;
    for (const char *p = list; *p; p += strlen(p) + 1) {
        size_t length = 0;
        while (p[length] && p[length] != '=') length++;
        const char *found = NULL;
        for (char **e = environment; *e && !found; e++) {
            size_t i = 0;
            while (i < length && (*e)[i] == p[i]) i++;
            if (i == length && (*e)[i] == '=') found = *e;
        }
        if (p[length] ? !found || !is_equal(found, p) : found != NULL) return 0;
    }
    for (; *environment; environment++)
        for (const char *prefix = LIBRARY_PREFIXES; *prefix; prefix += strlen(prefix) + 1)
            if (has_prefix(*environment, prefix) && !is_listed(list, *environment, strlen(*environment))) return 0;
    return 1;
}

static int has_same_files(const char *tables, const struct snapshot *snapshot) {
    const struct watched_file *files = (const void *)(tables + snapshot->files);
    for (uint32_t i = 0; i < snapshot->file_count; i++) {
        struct stat status;
        int exists = call(__NR_stat, tables + files[i].path, &status, 0, 0) == 0;
        if (exists != (int)files[i].exists) return 0;
        if (exists && (status.st_ino != files[i].inode || (uint64_t)status.st_mtim.tv_sec != files[i].seconds ||
                       (uint64_t)status.st_mtim.tv_nsec != files[i].nanoseconds))
            return 0;
    }
    return 1;
}

static int map_segments(const char *tables, const struct snapshot *snapshot, int descriptor) {
    const struct segment *segments = (const void *)(tables + snapshot->segments);
    uint32_t opened_path = 0;
    int opened = -1;
    for (uint32_t i = 0; i < snapshot->segment_count; i++) {
        const struct segment *s = segments + i;
        uint64_t size = s->end - s->start;
        long failed = 0;
        if (s->kind == SEGMENT_FILE) {
            if (s->path != opened_path) {
                if (opened >= 0) call(__NR_close, opened, 0, 0, 0);
                opened = call(__NR_open, tables + s->path, O_RDONLY | O_CLOEXEC, 0, 0);
                opened_path = s->path;
            }
            if (opened < 0) return 0;
            failed = map(s->start, size, s->protection, s->is_shared ? MAP_SHARED : MAP_PRIVATE, opened, s->offset);
        } else if (s->kind == SEGMENT_DATA || s->kind == SEGMENT_STACK) {
            failed = map(s->start, size, s->protection, MAP_PRIVATE, descriptor, s->offset);
            if (s->kind == SEGMENT_STACK && !failed) {
                uint64_t limit = snapshot->stack_limit < MAX_STACK ? snapshot->stack_limit : MAX_STACK;
                if (limit > size)
                    failed = map(s->end - limit, limit - size, s->protection,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            }
        } else {
            failed = map(s->start, size, s->protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (s->kind == SEGMENT_WIPED && !failed)
                failed = call(__NR_madvise, s->start, size, MADV_WIPEONFORK, 0);
        }
        if (failed) return 0;
    }
    if (opened >= 0) call(__NR_close, opened, 0, 0, 0);
    return 1;
}

/* Moves the vdso to where the C library of the snapshot expects it: the same kernel has made it, so it is the same. */
static int move_vdso(const struct snapshot *snapshot, uint64_t vdso) {
    if (vdso == snapshot->vdso) return 1;
    for (uint32_t i = 0; i < snapshot->special_count; i++) {
        const struct special *s = snapshot->specials + i;
        uint64_t size = s->end - s->start, now = vdso + (s->start - snapshot->vdso);
        if (map(s->start, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) return 0;
        long moved = call6(__NR_mremap, now, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, s->start, 0);
        if (moved != (long)s->start) return 0;
    }
    return 1;
}

/* Takes the kernel's state of the thread over, and goes on in the snapshot; returns if the kernel refuses. */
static void resume(const struct snapshot *snapshot) {
    long id = call(__NR_set_tid_address, snapshot->tid_address, 0, 0, 0);
    if (id <= 0 || call(__NR_arch_prctl, ARCH_SET_FS, snapshot->thread_pointer, 0, 0) != 0) return;
    *(int *)snapshot->tid_address = (int)id;
    call(__NR_set_robust_list, snapshot->robust_list, snapshot->robust_list_size, 0, 0);
    if (snapshot->rseq) {
        struct rseq *rseq = (struct rseq *)snapshot->rseq;
        rseq->cpu_id_start = 0;
        rseq->cpu_id = (uint32_t)RSEQ_CPU_ID_UNINITIALIZED;
        rseq->rseq_cs = 0;
        rseq->flags = 0;
        if (call(__NR_rseq, rseq, RSEQ_SIZE, 0, RSEQ_SIGNATURE) != 0)
            rseq->cpu_id = (uint32_t)RSEQ_CPU_ID_REGISTRATION_FAILED;
    }
    uint64_t target = snapshot->resume, stack = snapshot->stack_pointer, size = snapshot->tables_size;
    /* The tables go with the last instructions that need them. */
    __asm__ volatile("mov %[stack], %%rsp\n\t"
                     "push %[target]\n\t"
                     "push %[launch]\n\t"
                     "mov %[tables], %%rdi\n\t"
                     "mov %[size], %%rsi\n\t"
                     "mov %[munmap], %%eax\n\t"
                     "syscall\n\t"
                     "pop %%rax\n\t"
                     "ret"
                     :
                     : [stack] "r"(stack), [target] "r"(target), [launch] "r"(&launch), [tables] "r"(TABLES_ADDRESS),
                       [size] "r"(size), [munmap] "i"(__NR_munmap)
                     : "rax", "rdi", "rsi", "rcx", "r11", "memory");
}

/* The number of the descriptor that a variable holds; -1 if that isn't one. */
static int descriptor_number(const char *text) {
    int number = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > 9999) return -1;
        number = number * 10 + *text - '0';
    }
    return number;
}

/* Becomes the snapshot; returns if it can't. */
static void become_snapshot(char **environment, uint64_t vdso) {
    /* One that is to be tried, instead of the guest's. */
    const char *given = variable(environment, SNAPSHOT_VARIABLE);
    int descriptor = given ? descriptor_number(given) : receive_snapshot();
    const struct snapshot *snapshot = descriptor >= 0 ? map_tables(descriptor) : NULL;
    if (!snapshot) return;
    const char *tables = (const char *)snapshot;
    struct rlimit limit;
    if (call(__NR_getrlimit, RLIMIT_STACK, &limit, 0, 0) != 0 || limit.rlim_cur != snapshot->stack_limit) return;
    uint64_t processors[16] = {0};
    call(__NR_sched_getaffinity, 0, sizeof processors, processors, 0);
    for (int i = 0; i < 16; i++)
        if (processors[i] != snapshot->processors[i]) return;
    if (!has_same_variables(tables, snapshot, environment) || !has_same_files(tables, snapshot)) return;
    if (!map_segments(tables, snapshot, descriptor) || !move_vdso(snapshot, vdso)) return;
    if (!given) call(__NR_close, descriptor, 0, 0, 0);
    resume(snapshot);
}

/* Runs the real interpreter, which finds itself by the path in its first argument. */
static void run_plain(char **arguments, char **environment) {
    char *name = arguments[0];
    if (executable[0]) {
        arguments[0] = executable;
        call(__NR_execve, executable, arguments, environment, 0);
        arguments[0] = name;
    }
    call(__NR_execve, REAL, arguments, environment, 0);
    static const char message[] = "python3: the interpreter " REAL " cannot be started\n";
    call(__NR_write, 2, message, sizeof message - 1, 0);
    for (;;) call(__NR_exit_group, 127, 0, 0, 0);
}

__attribute__((used)) static void start(long *stack) {
    int count = (int)stack[0];
    char **arguments = (char **)(stack + 1);
    char **environment = arguments + count + 1, **end = environment;
    while (*end) end++;
    uint64_t vdso = 0;
    for (uint64_t *entry = (uint64_t *)(end + 1); entry[0]; entry += 2)
        if (entry[0] == AT_SYSINFO_EHDR) vdso = entry[1];
    const char *mode = variable(environment, "MCP_PYTHON");
    if (count > 0 && find_executable(arguments[0], environment) && vdso && !(mode && is_equal(mode, "plain")) &&
        read_program(count, arguments, environment)) {
        find_names();
        /* For tests: whatever the program imports. */
        if (!names_length && mode && is_equal(mode, "always")) add_name("numpy", 5, NULL, 0);
        if (names_length && !has_insight()) {
            launch = (struct launch){count, arguments, environment, executable};
            become_snapshot(environment, vdso);
        }
    }
    run_plain(arguments, environment);
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
