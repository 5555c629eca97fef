/* What a program imports, as far as its text tells. */
#ifndef PROGRAM_TEXT_H
#define PROGRAM_TEXT_H

#include <fcntl.h>
#include <sys/stat.h>

#include "freestanding.h"

#define MAX_TEXT (256 * 1024)
#define MAX_NAMES 2048
#define PATH_SIZE 4096
#define SPLICE_F_NONBLOCK 2

/* Packages that take longer to import than the interpreter to start. Without polars, which starts a thread at once, and
 * duckdb, which has to be taken apart at the end. */
static const char packages[] =
    "numpy\0pandas\0matplotlib\0scipy\0sklearn\0seaborn\0statsmodels\0sympy\0plotly\0PIL\0openpyxl\0requests\0"
    "networkx\0pyarrow\0lxml\0bs4\0docx\0pptx\0reportlab\0pypdf\0joblib\0patsy\0";

/* What a program mentions that looks into the interpreter itself, where a snapshot differs. */
static const char *const insights[] = {"sys.modules", "meta_path", "path_hooks", "__import__", "gc.get_", "gc.freeze",
                                       "gc.unfreeze", "tracemalloc", "atexit._", "/proc/self/exe"};

static char text[MAX_TEXT + 1];
static char names[MAX_NAMES];
static size_t names_length;

static int is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}
static const char *skip_spaces(const char *p) {
    while (*p == ' ' || *p == '\t') p++;
    return p;
}
static const char *end_of_name(const char *p) {
    while (is_name(*p)) p++;
    return p;
}
static void add_name(const char *module, size_t length, const char *member, size_t member_length) {
    size_t package = 0;
    while (package < length && module[package] != '.') package++;
    if (!is_listed(packages, module, package) || names_length + length + member_length + 3 > MAX_NAMES) return;
    memcpy(names + names_length, module, length);
    names_length += length;
    if (member_length) {
        names[names_length++] = '.';
        memcpy(names + names_length, member, member_length);
        names_length += member_length;
    }
    names[names_length++] = ' ';
}
static int is_word(const char *p, const char *word) {
    size_t length = strlen(word);
    return has_prefix(p, word) && (p[length] == ' ' || p[length] == '\t');
}
static void find_names(void) {
    const char *p = text;
    while (*p) {
        p = skip_spaces(p);
        if (is_word(p, "import")) {
            p += 6;
            do {
                const char *start = skip_spaces(p + (*p == ','));
                p = end_of_name(start);
                add_name(start, p - start, NULL, 0);
                p = skip_spaces(p);
                if (is_word(p, "as")) p = skip_spaces(end_of_name(skip_spaces(p + 2)));
            } while (*p == ',');
        } else if (is_word(p, "from")) {
            const char *module = skip_spaces(p + 4);
            size_t length = end_of_name(module) - module;
            add_name(module, length, NULL, 0);
            p = skip_spaces(module + length);
            if (is_word(p, "import")) {
                p = skip_spaces(p + 6);
                do {
                    const char *start = skip_spaces(p + (*p == ',' || *p == '('));
                    p = end_of_name(start);
                    if (p > start) add_name(module, length, start, p - start);
                    p = skip_spaces(p);
                    if (is_word(p, "as")) p = skip_spaces(end_of_name(skip_spaces(p + 2)));
                } while (*p == ',');
            }
        }
        while (*p && *p != '\n' && *p != ';') p++;
        if (*p) p++;
    }
}

/* Whether the program looks into the interpreter. */
static int has_insight(void) {
    for (const char *p = text; *p; p++)
        for (size_t i = 0; i < sizeof insights / sizeof *insights; i++)
            if (*p == *insights[i] && has_prefix(p, insights[i])) return 1;
    return 0;
}

static void read_text(int descriptor, long offset) {
    long size = call(__NR_pread64, descriptor, text, MAX_TEXT, offset);
    text[size > 0 ? size : 0] = 0;
}
static void read_file(const char *path) {
    int descriptor = call(__NR_open, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0);
    if (descriptor < 0) return;
    struct stat status;
    if (call(__NR_fstat, descriptor, &status, 0, 0) == 0 && S_ISREG(status.st_mode)) read_text(descriptor, 0);
    call(__NR_close, descriptor, 0, 0, 0);
}
/* Looks at standard input without consuming any of it. */
static void peek_input(void) {
    struct stat status;
    if (call(__NR_fstat, 0, &status, 0, 0) != 0) return;
    if (S_ISREG(status.st_mode)) {
        read_text(0, call(__NR_lseek, 0, 0, 1, 0));
    } else if (S_ISFIFO(status.st_mode)) {
        int ends[2];
        if (call(__NR_pipe2, ends, O_CLOEXEC | O_NONBLOCK, 0, 0) != 0) return;
        if (call(__NR_tee, 0, ends[1], 65536, SPLICE_F_NONBLOCK) > 0) {
            long size = call(__NR_read, ends[0], text, MAX_TEXT, 0);
            text[size > 0 ? size : 0] = 0;
        }
        call(__NR_close, ends[0], 0, 0, 0);
        call(__NR_close, ends[1], 0, 0, 0);
    }
}
/* Reads the module that -m names, if it is a file of the current directory. */
static void read_module(const char *module) {
    char path[PATH_SIZE];
    size_t length = strlen(module);
    if (length > PATH_SIZE - 16) return;
    for (size_t i = 0; i <= length; i++) path[i] = module[i] == '.' ? '/' : module[i];
    memcpy(path + length, ".py", 4);
    read_file(path);
    if (text[0]) return;
    memcpy(path + length, "/__main__.py", 13);
    read_file(path);
}

/* Whether the arguments are of the kinds that a snapshot can run; reads the program's text. */
static int read_program(int count, char **arguments, char **environment) {
    int i = 1;
    for (; i < count; i++) {
        if (is_equal(arguments[i], "-u")) {
            if (!is_set(environment, "PYTHONUNBUFFERED")) return 0;
        } else if (is_equal(arguments[i], "-B")) {
            if (!is_set(environment, "PYTHONDONTWRITEBYTECODE")) return 0;
        } else {
            break;
        }
    }
    if (i == count || is_equal(arguments[i], "-")) {
        peek_input();
    } else if (is_equal(arguments[i], "-c") && i + 1 < count) {
        size_t length = strlen(arguments[i + 1]);
        if (length > MAX_TEXT) length = MAX_TEXT;
        memcpy(text, arguments[i + 1], length);
        text[length] = 0;
    } else if (is_equal(arguments[i], "-m") && i + 1 < count) {
        read_module(arguments[i + 1]);
    } else if (arguments[i][0] && arguments[i][0] != '-') {
        read_file(arguments[i]);
    } else {
        return 0;
    }
    return text[0] != 0;
}

#endif
