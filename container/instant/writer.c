/* Writes a process into a snapshot. */
#include "preloader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ull
#define MAX_SEGMENTS 16384
#define MAPS_SIZE (16ull << 20)
#define MAX_SNAPSHOT (200ull << 20)
#define ABSENT_RUN (512 * 1024)
#define MAX_CANDIDATES 16
#define TCB_SIZE 2304

static int output;
static char *tables, *maps, *residency;
static size_t tables_used;
static struct snapshot *snapshot;
static uint64_t data_size;
static int candidates[MAX_CANDIDATES], candidate_count;

/* take_snapshot calls write_snapshot with all registers that a function must preserve on the stack. */
static void write_snapshot(uint64_t stack_pointer) __asm__("write_snapshot") __attribute__((used));
extern char resume_snapshot[];
__asm__(
    ".text\n"
    ".globl take_snapshot\n.hidden take_snapshot\ntake_snapshot:\n\t"
    "push %rbp\n\tpush %rbx\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\tsub $24, %rsp\n\t"
    "stmxcsr (%rsp)\n\tfnstcw 4(%rsp)\n\t"
    "mov %rsp, %rdi\n\tcall write_snapshot\n\txor %eax, %eax\n"
    "resume_snapshot:\n\t"
    "ldmxcsr (%rsp)\n\tfldcw 4(%rsp)\n\t"
    "add $24, %rsp\n\tpop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbx\n\tpop %rbp\n\tret\n");

/* Tables */

static uint32_t reserve(size_t size) {
    size_t start = (tables_used + 7) & ~(size_t)7;
    if (start + size > MAX_TABLES) fail("the tables are full");
    tables_used = start + size;
    return start;
}
static uint32_t add_string(const char *string) {
    uint32_t start = reserve(strlen(string) + 1);
    strcpy(tables + start, string);
    return start;
}

static void add_segment(uint64_t start, uint64_t end, int kind, int protection, uint64_t offset, uint32_t path,
                        int is_shared) {
    if (snapshot->segment_count == MAX_SEGMENTS) fail("too many mappings");
    struct segment *s = (struct segment *)(tables + snapshot->segments) + snapshot->segment_count++;
    *s = (struct segment){start, end, offset, path, protection, kind, is_shared};
    if (kind == SEGMENT_DATA || kind == SEGMENT_STACK) {
        s->offset = data_size;
        data_size += end - start;
        if (data_size > MAX_SNAPSHOT) fail("larger than 200 MB");
    }
}

/* Adds anonymous memory: long parts of which nothing was ever used become empty. */
static void add_memory(uint64_t start, uint64_t end, int protection) {
    size_t pages = (end - start) / PAGE, first = 0;
    if (mincore((void *)start, end - start, (unsigned char *)residency) != 0) {
        add_segment(start, end, SEGMENT_DATA, protection, 0, 0, 0);
        return;
    }
    while (first < pages) {
        size_t stop = first, absent = 0;
        int is_absent = !(residency[first] & 1);
        if (is_absent) {
            while (stop < pages && !(residency[stop] & 1)) stop++;
            absent = stop - first;
        }
        if (!is_absent || (absent * PAGE < ABSENT_RUN && !(first == 0 && stop == pages))) {
            is_absent = 0;
            for (size_t run = 0; stop < pages; stop++) {
                run = residency[stop] & 1 ? 0 : run + 1;
                if (run * PAGE >= ABSENT_RUN) {
                    stop -= run - 1;
                    break;
                }
            }
        }
        add_segment(start + first * PAGE, start + stop * PAGE, is_absent ? SEGMENT_ZERO : SEGMENT_DATA, protection, 0,
                    0, 0);
        first = stop;
    }
}

static int is_own(uint64_t start) {
    return start == (uint64_t)maps || start == (uint64_t)tables || start == (uint64_t)residency;
}

struct mapping {
    uint64_t start, end, offset;
    char protection[5];
    char name[1024];
    unsigned long anonymous;
    int is_wiped;
};

/* Whether the file is somewhere where it can be written to: not in the image. */
static int is_changeable(const char *path) {
    struct statvfs system;
    return statvfs(path, &system) != 0 || !(system.f_flag & ST_RDONLY);
}

static void add_mapping(const struct mapping *m, char *last_path, uint32_t *last_offset) {
    if (is_own(m->start) || !strcmp(m->name, "[vsyscall]")) return;
    int protection = (m->protection[0] == 'r' ? PROT_READ : 0) | (m->protection[1] == 'w' ? PROT_WRITE : 0) |
                     (m->protection[2] == 'x' ? PROT_EXEC : 0);
    int is_shared = m->protection[3] == 's', is_file = m->name[0] == '/';
    if (!strncmp(m->name, "[v", 2)) {
        if (snapshot->special_count == MAX_SPECIALS) fail("unknown mappings of the kernel");
        snapshot->specials[snapshot->special_count++] = (struct special){m->start, m->end};
        if (!strcmp(m->name, "[vdso]")) snapshot->vdso = m->start;
    } else if (!strcmp(m->name, "[stack]")) {
        add_segment(m->start, m->end, SEGMENT_STACK, protection, 0, 0, 0);
    } else if (is_file && is_changeable(m->name)) {
        fail("a file that can be changed is mapped");
    } else if (is_file && !m->anonymous && (!is_shared || !(protection & PROT_WRITE)) &&
               !strstr(m->name, " (deleted)")) {
        if (strcmp(last_path, m->name)) {
            strcpy(last_path, m->name);
            *last_offset = add_string(m->name);
        }
        add_segment(m->start, m->end, SEGMENT_FILE, protection, m->offset, *last_offset, is_shared);
    } else if (is_shared || strstr(m->name, " (deleted)")) {
        fail("a module has mapped memory that is shared");
    } else if (m->is_wiped) {
        add_segment(m->start, m->end, SEGMENT_WIPED, protection, 0, 0, 0);
    } else if (!m->anonymous) {
        add_segment(m->start, m->end, SEGMENT_ZERO, protection, 0, 0, 0);
    } else if (!(protection & PROT_READ)) {
        fail("memory that cannot be read");
    } else if (is_file) {
        add_segment(m->start, m->end, SEGMENT_DATA, protection, 0, 0, 0);
    } else {
        add_memory(m->start, m->end, protection);
    }
}

/* Reads /proc/self/smaps: a line per mapping, then lines about it. */
static void add_mappings(void) {
    int descriptor = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    for (ssize_t size; (size = read(descriptor, maps + length, MAPS_SIZE - 1 - length)) > 0;) length += size;
    close(descriptor);
    if (length == 0 || length == MAPS_SIZE - 1) fail("the mappings cannot be read");
    maps[length] = 0;
    static struct mapping mapping;
    static char last_path[1024];
    uint32_t last_offset = 0;
    int has_mapping = 0, has_flags = 0;
    for (char *line = strtok(maps, "\n"); line; line = strtok(NULL, "\n")) {
        struct mapping next = {0};
        int name = 0;
        if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %n", &next.start, &next.end, next.protection, &next.offset, &name) >= 4) {
            if (has_mapping) add_mapping(&mapping, last_path, &last_offset);
            if (name) strncpy(next.name, line + name, sizeof next.name - 1);
            mapping = next;
            has_mapping = 1;
        } else if (!strncmp(line, "Anonymous:", 10)) {
            mapping.anonymous = strtoul(line + 10, NULL, 10);
        } else if (!strncmp(line, "VmFlags:", 8)) {
            has_flags = 1;
            mapping.is_wiped = strstr(line, " wf") || strstr(line, " dp");
        }
    }
    if (has_mapping) add_mapping(&mapping, last_path, &last_offset);
    if (!has_flags || !snapshot->vdso) fail("the mappings are not described as needed");
}

static void add_variables(PyObject *variables) {
    Py_ssize_t count = PyList_Size(variables);
    snapshot->variables = reserve(0);
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *string = PyBytes_AsString(PyList_GetItem(variables, i));
        size_t size = strlen(string) + 1;
        if (tables_used + size + 1 > MAX_TABLES) fail("the tables are full");
        memcpy(tables + tables_used, string, size);
        tables_used += size;
    }
    tables[tables_used++] = 0;
}

static void add_files(PyObject *watched_files) {
    Py_ssize_t count = PyList_Size(watched_files);
    snapshot->file_count = count;
    snapshot->files = reserve(count * sizeof(struct watched_file));
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *path = PyBytes_AsString(PyList_GetItem(watched_files, i));
        struct stat status;
        struct watched_file file = {.path = add_string(path)};
        if (stat(path, &status) == 0) {
            file.exists = 1;
            file.inode = status.st_ino;
            file.seconds = status.st_mtim.tv_sec;
            file.nanoseconds = status.st_mtim.tv_nsec;
        }
        ((struct watched_file *)(tables + snapshot->files))[i] = file;
    }
}

/* Where the C library keeps the id of this thread: what held the parent's before the fork and ours now. */
static uint64_t tid_address(uint64_t thread_pointer) {
    int found = -1;
    for (int i = 0; i < candidate_count; i++)
        if (*(int *)(thread_pointer + candidates[i]) == getpid()) {
            if (found >= 0) fail("the thread's id is kept in two places");
            found = candidates[i];
        }
    if (found < 0) fail("the thread's id was not found");
    return thread_pointer + found;
}

static uint64_t thread_pointer(void) {
    uint64_t value;
    __asm__("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static void write_all(const char *data, size_t size) {
    while (size) {
        ssize_t written = write(output, data, size < (64 << 20) ? size : (64 << 20));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail("the snapshot cannot be written");
        data += written;
        size -= written;
    }
}

static void write_snapshot(uint64_t stack_pointer) {
    snapshot->resume = (uint64_t)resume_snapshot;
    snapshot->stack_pointer = stack_pointer;
    snapshot->thread_pointer = thread_pointer();
    snapshot->tid_address = tid_address(snapshot->thread_pointer);
    void *robust_list = NULL;
    size_t size = 0;
    if (syscall(SYS_get_robust_list, 0, &robust_list, &size) != 0) fail("the robust list is not known");
    snapshot->robust_list = (uint64_t)robust_list;
    snapshot->robust_list_size = size;
    const ptrdiff_t *rseq_offset = dlsym(RTLD_DEFAULT, "__rseq_offset");
    const unsigned *rseq_size = dlsym(RTLD_DEFAULT, "__rseq_size");
    if (rseq_offset && rseq_size && *rseq_size) snapshot->rseq = snapshot->thread_pointer + *rseq_offset;
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    snapshot->stack_limit = limit.rlim_cur;
    add_mappings();
    snapshot->tables_size = (tables_used + PAGE - 1) & ~(PAGE - 1);
    struct segment *segments = (struct segment *)(tables + snapshot->segments);
    for (uint32_t i = 0; i < snapshot->segment_count; i++)
        if (segments[i].kind == SEGMENT_DATA || segments[i].kind == SEGMENT_STACK)
            segments[i].offset += snapshot->tables_size;
    snapshot->file_size = snapshot->tables_size + data_size;
    snapshot->checksum = checksum_of(snapshot);
    write_all(tables, snapshot->tables_size);
    for (uint32_t i = 0; i < snapshot->segment_count; i++)
        if (segments[i].kind == SEGMENT_DATA || segments[i].kind == SEGMENT_STACK)
            write_all((const char *)segments[i].start, segments[i].end - segments[i].start);
}

static void *allocate(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fail("no memory");
    return memory;
}

/* Keeps the kernel from merging neighbours of our own memory with it: each has a page before and after that can't be
 * used. */
static void *allocate_apart(size_t size) {
    char *memory = allocate(size + 2 * PAGE);
    mprotect(memory, PAGE, PROT_NONE);
    mprotect(memory + PAGE + size, PAGE, PROT_NONE);
    return memory + PAGE;
}

void prepare_snapshot(int descriptor, PyObject *variables, PyObject *watched_files) {
    output = descriptor;
    tables = allocate_apart(MAX_TABLES);
    maps = allocate_apart(MAPS_SIZE);
    residency = allocate_apart(1 << 20);
    uint64_t pointer = thread_pointer();
    for (int i = 0; i < TCB_SIZE && candidate_count < MAX_CANDIDATES; i += 4)
        if (*(int *)(pointer + i) == getpid()) candidates[candidate_count++] = i;
    snapshot = (struct snapshot *)(tables + reserve(sizeof *snapshot));
    snapshot->magic = SNAPSHOT_MAGIC;
    if (sched_getaffinity(0, sizeof snapshot->processors, (cpu_set_t *)snapshot->processors) != 0)
        fail("the processors are not known");
    add_variables(variables);
    add_files(watched_files);
    snapshot->segments = reserve(MAX_SEGMENTS * sizeof(struct segment));
}
