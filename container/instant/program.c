/* Runs the program of a process that was made from a snapshot. */
#include "preloader.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static PyObject *on_resume;
static char **own_arguments;
static struct sigaction interrupt_action;

void prepare_program(PyObject *resume, char **arguments) {
    own_arguments = arguments;
    on_resume = Py_NewRef(resume);
    sigaction(SIGINT, NULL, &interrupt_action);
}

static void run_plain(const struct launch *launch) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    execve(REAL, launch->arguments, launch->environment);
    dprintf(2, "python3: the interpreter %s cannot be started: %s\n", REAL, strerror(errno));
    _exit(127);
}

static wchar_t *wide(PyObject *string) {
    Py_ssize_t size;
    wchar_t *text = PyUnicode_AsWideCharString(string, &size);
    if (!text) return NULL;
    wchar_t *copy = PyMem_RawMalloc((size + 1) * sizeof(wchar_t));
    memcpy(copy, text, (size + 1) * sizeof(wchar_t));
    PyMem_Free(text);
    return copy;
}
static void set_wide(wchar_t **field, PyObject *value) {
    if (value == Py_None) return;
    PyMem_RawFree(*field);
    *field = wide(value);
}

extern const PyConfig *_Py_GetConfig(void);

void run_program(const struct launch *launch) {
    /* The C library remembers the end of the heap of the process that was copied: the kernel's answer to a request to
     * move that would be taken for success. */
    brk((void *)syscall(SYS_brk, 0));
    environ = launch->environment;
    /* The dynamic linker names the program in its messages. */
    own_arguments[0] = launch->arguments[0];
    program_invocation_name = launch->arguments[0];
    char *slash = strrchr(launch->arguments[0], '/');
    program_invocation_short_name = slash ? slash + 1 : launch->arguments[0];

    PyObject *ignored = PyList_New(0);
    int is_interrupt_ignored = 0;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
            PyObject *item = PyLong_FromLong(number);
            PyList_Append(ignored, item);
            Py_DECREF(item);
            if (number == SIGINT) is_interrupt_ignored = 1;
        }
    }
    PyOS_setsig(SIGPIPE, SIG_IGN);
    PyOS_setsig(SIGXFSZ, SIG_IGN);
    if (!is_interrupt_ignored) sigaction(SIGINT, &interrupt_action, NULL);

    PyOS_AfterFork_Child();
    PyObject *arguments = PyList_New(0), *environment = PyList_New(0);
    for (int i = 0; i < launch->argument_count; i++)
        PyList_Append(arguments, PyUnicode_DecodeFSDefault(launch->arguments[i]));
    for (char **e = launch->environment; *e; e++) PyList_Append(environment, PyBytes_FromString(*e));
    PyObject *executable = PyUnicode_DecodeFSDefault(launch->executable);
    PyObject *program =
        PyObject_CallFunctionObjArgs(on_resume, arguments, environment, ignored, executable, NULL);
    if (!program || program == Py_None) {
        run_plain(launch);
    }
    /* command, module, file name, argv */
    PyConfig *config = (PyConfig *)_Py_GetConfig();
    set_wide(&config->run_command, PyTuple_GetItem(program, 0));
    set_wide(&config->run_module, PyTuple_GetItem(program, 1));
    set_wide(&config->run_filename, PyTuple_GetItem(program, 2));
    set_wide(&config->executable, executable);
    PyObject *argv = PyTuple_GetItem(program, 3);
    Py_ssize_t count = PyList_Size(argv);
    wchar_t **items = PyMem_RawMalloc((count + 1) * sizeof(wchar_t *));
    for (Py_ssize_t i = 0; i < count; i++) items[i] = wide(PyList_GetItem(argv, i));
    config->argv.items = items;
    config->argv.length = count;
    Py_DECREF(program);
    Py_DECREF(arguments);
    Py_DECREF(environment);
    Py_DECREF(ignored);
    Py_DECREF(executable);
    exit(Py_RunMain());
}
