/* What the launcher and the preloader agree on: a snapshot of a Python process that has already imported what programs
 * use. It is one file in memory: a header, tables, then pages. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

/* Another one for each change of what the two agree on. */
#define SNAPSHOT_MAGIC 0x3230305350584531ull
/* The name, in the abstract namespace, of the socket at which the guest hands out its snapshot. */
#define SNAPSHOT_SOCKET "exec-mcp-python"
/* The variable with the descriptor of a snapshot to use instead: the preloader tries each before anybody gets it. */
#define SNAPSHOT_VARIABLE "MCP_PYTHON_SNAPSHOT"
/* Where the launcher maps header and tables: far from everything that the kernel places by itself. */
#define TABLES_ADDRESS 0x210000000000ull
#define MAX_SPECIALS 6
#define MAX_TABLES (4ull << 20)
/* More is not mapped as the main thread's stack, even if its limit is higher. */
#define MAX_STACK (64ull << 20)

enum segment_kind {
    SEGMENT_DATA,  /* pages of the snapshot, private */
    SEGMENT_FILE,  /* a mapping of a file that nothing was written to */
    SEGMENT_ZERO,  /* anonymous memory that nothing was written to */
    SEGMENT_WIPED, /* likewise, and a fork must not inherit its contents (state of random generators) */
    SEGMENT_STACK, /* pages of the snapshot; the memory below, up to the limit, is the stack's too */
};

struct segment {
    uint64_t start, end;
    uint64_t offset; /* in the snapshot, or in the file */
    uint32_t path;   /* offset in the tables; 0 for none */
    uint32_t protection;
    uint32_t kind;
    uint32_t is_shared;
};

/* Mappings of the kernel's: the vdso and its data. */
struct special {
    uint64_t start, end;
};

/* A file that was or was not there while modules were imported, and would make them different. */
struct watched_file {
    uint64_t exists, inode, seconds, nanoseconds;
    uint32_t path; /* offset in the tables; a relative one is one of the current directory */
    uint32_t reserved;
};

struct snapshot {
    uint64_t magic;
    uint64_t checksum;    /* of header and tables */
    uint64_t tables_size; /* of header and tables, whole pages */
    uint64_t file_size;
    uint64_t resume, stack_pointer, thread_pointer;
    uint64_t tid_address, robust_list, robust_list_size, rseq;
    uint64_t vdso;
    uint64_t stack_limit;
    uint64_t processors[16]; /* those that the process may use, a bit each: thread pools depend on their number */
    uint32_t segments, segment_count;
    uint32_t files, file_count;
    uint32_t variables; /* strings: NAME=VALUE (must be so) or NAME (must be unset), then an empty one */
    uint32_t special_count;
    struct special specials[MAX_SPECIALS];
};

/* A checksum of the words of header and tables that follow the field for it. */
static inline uint64_t checksum_of(const struct snapshot *snapshot) {
    const uint64_t *words = (const uint64_t *)snapshot;
    uint64_t sum = snapshot->magic;
    for (uint64_t i = offsetof(struct snapshot, tables_size) / 8; i < snapshot->tables_size / 8; i++)
        sum = (sum ^ words[i]) * 0x100000001b3ull;
    return sum;
}

/* What the launcher hands to the process that it has become. */
struct launch {
    int argument_count;
    char **arguments;
    char **environment;
    const char *executable;
};

/* Prefixes of the variables that C libraries read at their start. */
#define LIBRARY_PREFIXES \
    "PYTHON\0LC_\0LD_\0OMP_\0OPENBLAS_\0GOTO_\0MKL_\0KMP_\0GOMP_\0BLIS_\0BLAS_\0NUMEXPR_\0VECLIB_\0MALLOC_\0" \
    "GLIBC_\0MPL\0NPY_\0NUMPY_\0SCIPY_\0SKLEARN_\0PANDAS_\0ARROW_\0POLARS_\0OPENSSL_\0SSL_\0LOCPATH\0LANG\0TZ\0" \
    "JOBLIB_\0LOKY_\0HOME\0XDG_\0TMPDIR\0VIRTUAL_ENV\0"

#endif
