/* The parts of the preloader: preloader.c imports, writer.c writes the snapshot, program.c runs the program of a process
 * that was made from it, ending.c ends that process. */
#ifndef PRELOADER_H
#define PRELOADER_H

#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "snapshot.h"

/* Says why there is no snapshot, and ends the preloader. */
void fail(const char *text) __attribute__((noreturn));

/* writer.c */

/* Before the fork. Both lists have bytes: the environment in which all this is valid, and the paths of files. */
void prepare_snapshot(int output, PyObject *variables, PyObject *watched_files);
/* In the child: writes its memory and returns NULL. Returns again, in a process made from the snapshot, with what that
 * process was started with. */
struct launch *take_snapshot(void);

/* program.c */

/* Before the fork. `on_resume` is resume.py's; `arguments` are those of the preloader. */
void prepare_program(PyObject *on_resume, char **arguments);
void run_program(const struct launch *launch) __attribute__((noreturn));

/* ending.c */

/* Before the fork: dictionaries of the modules of the snapshot and of those that a plain interpreter starts with, the
 * namespace of preload.py, and the function that imports modules in a plain interpreter. */
void prepare_ending(PyObject *library, PyObject *base, PyObject *scope, PyObject *plain_import);

/* exit.c */

/* Before anything is imported. `finish` is what calls the destructors of all libraries. */
void keep_handlers(void (*finish)(void));
/* Before the fork. */
void stop_keeping_handlers(void);
/* Has the destructors called that were kept. */
void end_thoroughly(void);

#endif
