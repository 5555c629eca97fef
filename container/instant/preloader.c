/* Makes snapshots (snapshot.h). Loaded into the real interpreter with LD_PRELOAD, it takes the place of the
 * interpreter's main function: it initializes Python just as that does, imports what it is told to, forks as os.fork()
 * does, and the child writes its memory into a file in memory.
 *
 * A process that was made from the snapshot continues here, as a child of that fork, and runs the program that its own
 * command line names with the interpreter's own Py_RunMain().
 *
 * Before anybody gets the snapshot, it is tried: a program that imports everything in it has to end as it should.
 *
 * Arguments: the descriptor of the file, then the names of modules. Exits with CANNOT_COPY if this machine, kernel or engine
 * doesn't let a process be copied like that. */
#include "preloader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_COPY 5
/* At a low priority, on a busy machine. */
#define TRIAL_SECONDS 120
#define TRIAL "print('memfd:python-snapshot' in open('/proc/self/maps').read())\n"

/* The program preload.py. */
extern const char preload_source[];

void fail(const char *text) {
    dprintf(2, "python preloader: %s\n", text);
    _exit(3);
}

static void initialize(void) {
    PyStatus status;
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
    status = Py_PreInitialize(&before);
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    char *arguments[] = {"python3"};
    if (!PyStatus_Exception(status)) status = PyConfig_SetBytesArgv(&config, 1, arguments);
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) fail("Python could not be initialized");
}

/* Runs preload.py and returns its namespace. */
static PyObject *preload(int count, char **names) {
    PyObject *scope = PyDict_New(), *list = PyList_New(0);
    for (int i = 0; i < count; i++) PyList_Append(list, PyUnicode_DecodeFSDefault(names[i]));
    PyDict_SetItemString(scope, "__builtins__", PyEval_GetBuiltins());
    PyDict_SetItemString(scope, "names", list);
    PyDict_SetItemString(scope, "library_prefixes", PyBytes_FromStringAndSize(LIBRARY_PREFIXES, sizeof LIBRARY_PREFIXES));
    PyObject *code = Py_CompileString(preload_source, "<frozen importlib._bootstrap>", Py_file_input);
    PyObject *result = code ? PyEval_EvalCode(code, scope, scope) : NULL;
    if (!result) {
        PyErr_Print();
        fail("the modules could not be imported");
    }
    return scope;
}

static PyObject *item(PyObject *scope, const char *name) {
    PyObject *value = PyDict_GetItemString(scope, name);
    if (!value) fail("preload.py is not as expected");
    return value;
}

static void (*finish_libraries)(void);

/* Whether there is a thread that a copy would miss. Jemalloc's (pyarrow has it) knows forks; without it, memory is given
 * back later. */
static int has_thread(void) {
    DIR *directory = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char path[64], name[32] = "";
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/self/task/%.16s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file && !fgets(name, sizeof name, file)) name[0] = 0;
        if (file) fclose(file);
        count += strcmp(name, "jemalloc_bg_thd\n") != 0;
    }
    if (directory) closedir(directory);
    return count != 1;
}

/* The environment as it is now, and a variable beside it: modules add variables of their own when they are imported. NULL
 * without memory for it. */
static char **copy_environment(char *variable) {
    int count = 0;
    while (environ[count]) count++;
    char **copy = calloc(count + 2, sizeof *copy);
    if (!copy) return NULL;
    memcpy(copy, environ, count * sizeof *copy);
    copy[count] = variable;
    return copy;
}

/* Runs a program that imports all modules in the launcher, in the environment that this process was started with, which
 * names the snapshot. Returns whether it ended well. */
static int try_snapshot(int file, PyObject *modules, char **environment) {
    PyObject *comma = PyUnicode_FromString(", "), *list = PyUnicode_Join(comma, modules);
    PyObject *code = list ? PyUnicode_FromFormat("import %U\n%s", list, TRIAL) : NULL;
    const char *text = code ? PyUnicode_AsUTF8(code) : NULL;
    char output[8] = "";
    int ends[2];
    if (!text || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0 || pipe(ends) != 0) return 0;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(TRIAL_SECONDS);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execve(LAUNCHER, (char *[]){"python3", "-c", (char *)text, NULL}, environment);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t size; length < sizeof output - 1 && (size = read(ends[0], output + length, sizeof output - 1 - length)) > 0;)
        length += size;
    close(ends[0]);
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && !strcmp(output, "True\n");
}

static int run(int count, char **arguments, char **environment) {
    (void)environment;
    if (count < 2) fail("no descriptor");
    prctl(PR_SET_NAME, "sandbox-python");
    unsetenv("LD_PRELOAD");
    int file = atoi(arguments[1]);
    char variable[64];
    snprintf(variable, sizeof variable, "%s=%d", SNAPSHOT_VARIABLE, file);
    char **before_imports = copy_environment(variable);
    if (!before_imports) fail("there is no memory left");
    keep_handlers(finish_libraries);
    initialize();
    PyObject *scope = preload(count - 2, arguments + 2);
    prepare_program(item(scope, "resume"), arguments);
    prepare_ending(item(scope, "library"), item(scope, "base_modules"), scope, item(scope, "real_load"));
    prepare_snapshot(file, item(scope, "variables"), item(scope, "watched_files"));
    stop_keeping_handlers();

    PyOS_BeforeFork();
    pid_t child = fork();
    if (child == 0) {
        struct launch *launch = take_snapshot();
        if (!launch) _exit(0);
        run_program(launch);
    }
    PyOS_AfterFork_Parent();
    /* Thread pools that can be forked have ended theirs by now. */
    if (has_thread()) fail("a module has started a thread, which a copy would not have");
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) fail("no process could be started");
    if (status != 0) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
    if (!try_snapshot(file, item(scope, "imported"), before_imports)) {
        dprintf(2, "python preloader: a copy doesn't run here\n");
        _exit(CANNOT_COPY);
    }
    _exit(0);
}

typedef int (*main_function)(int, char **, char **);
__attribute__((visibility("default")))
int __libc_start_main(main_function main, int count, char **arguments, void (*init)(void), void (*fini)(void),
                      void (*end)(void), void *stack) {
    (void)main;
    int (*start)(main_function, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    finish_libraries = end;
    return start(run, count, arguments, init, fini, NULL, stack);
}
