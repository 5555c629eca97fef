/* How a process that was made from a snapshot ends.
 *
 * At its end an interpreter takes all modules apart, object by object. For what a snapshot has imported that would write
 * to nearly every page of it, of which each first write copies the page: four fifths of the time of a short program.
 * Nobody can see that work, except through finalizers of objects which the program itself has made. So the modules of
 * the snapshot are left alone, everything else is taken apart as always, and if the program's own objects then turn out
 * to be kept alive by a module that was left alone, the rest is taken apart after all.
 *
 * What remains after that (types, interned strings) is the interpreter's own memory, which the kernel frees faster. */
#include "preloader.h"

#include <string.h>
#include <unwind.h>

static PyObject *library, *base, *scope, *plain_import;
static PyObject *system_prefix, *source_suffix;
/* Namespaces of the program's own modules, which we must not keep alive. Each has one of the canaries, which die with
 * them. */
#define MAX_OWN 1024
static PyObject *own_namespaces[MAX_OWN], *canaries[MAX_OWN];
static int own_count;
static int has_begun;
/* Whether the standard streams could be flushed: otherwise the interpreter has to notice. */
static int is_flushed;
/* Whether the modules of the snapshot have been left alone so far. */
static int is_quick;
/* The collector's functions. */
static PyObject *collect, *get_objects, *unfreeze;

#define SENTINEL "_exec_mcp_ending"
#define CANARY "__exec_mcp_ending__"

/* Sets everything in a module's namespace to None, in the interpreter's own order. */
static void clear_namespace(PyObject *namespace) {
    for (int pass = 1; pass <= 2; pass++) {
        Py_ssize_t position = 0;
        PyObject *key, *value;
        while (PyDict_Next(namespace, &position, &key, &value)) {
            if (value == Py_None || !PyUnicode_Check(key)) continue;
            int is_private = PyUnicode_GetLength(key) > 1 && PyUnicode_ReadChar(key, 0) == '_' &&
                             PyUnicode_ReadChar(key, 1) != '_';
            if (pass == 1 ? !is_private : PyUnicode_EqualToUTF8(key, "__builtins__")) continue;
            if (PyDict_SetItem(namespace, key, Py_None) != 0) PyErr_Clear();
        }
    }
}

static int is_standard_stream(PyObject *object) {
    static const char *const names[] = {"__stdin__", "__stdout__", "__stderr__"};
    for (int i = 0; i < 3; i++) {
        PyObject *stream = PySys_GetObject(names[i]);
        if (!stream || stream == Py_None) continue;
        if (object == stream) return 1;
        PyObject *buffer = PyObject_GetAttrString(stream, "buffer");
        PyObject *raw = buffer ? PyObject_GetAttrString(buffer, "raw") : NULL;
        int is_part = object == buffer || object == raw;
        Py_XDECREF(buffer);
        Py_XDECREF(raw);
        PyErr_Clear();
        if (is_part) return 1;
    }
    return 0;
}

/* Whether it is a file that was opened for reading alone, as matplotlib keeps those of fonts. */
static int is_reader(PyObject *object) {
    const char *type = Py_TYPE(object)->tp_name;
    if (strcmp(type, "_io.BufferedReader") && strcmp(type, "_io.FileIO")) return 0;
    PyObject *mode = PyObject_GetAttrString(object, "mode");
    int is_found = mode && PyUnicode_Check(mode) && PyUnicode_EqualToUTF8(mode, "rb");
    Py_XDECREF(mode);
    PyErr_Clear();
    return is_found;
}

/* Whether the end of the object can be seen: it has a finalizer, or a callback of the program's waits for it. */
static int has_visible_end(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    if (PyWeakref_Check(object)) {
        PyObject *callback = ((PyWeakReference *)object)->wr_callback;
        if (!callback || !PyFunction_Check(callback)) return 0;
        for (int i = 0; i < own_count; i++)
            if (PyFunction_GET_GLOBALS(callback) == own_namespaces[i]) return 1;
        return 0;
    }
    return (type->tp_finalize || type->tp_del) && PyType_IS_GC(type) && !PyObject_GC_IsFinalized(object) &&
           !is_reader(object) && !is_standard_stream(object);
}

/* Whether a module of the snapshot keeps something alive whose end can be seen. The program's modules are gone by now,
 * and so is everything that only they had. */
static int has_survivors(void) {
    for (int i = 0; i < own_count; i++)
        if (Py_REFCNT(canaries[i]) > 1) return 1;
    /* Without the objects of the snapshot, which have been frozen. */
    PyObject *objects = PyObject_CallNoArgs(get_objects);
    int is_found = !objects;
    for (Py_ssize_t i = 0; !is_found && i < PyList_GET_SIZE(objects); i++)
        is_found = has_visible_end(PyList_GET_ITEM(objects, i));
    Py_XDECREF(objects);
    PyErr_Clear();
    return is_found;
}

/* Takes the modules of the snapshot apart as the interpreter would have done. */
static void clear_library(void) {
    is_quick = 0;
    end_thoroughly();
    PyObject *references = PyList_New(0), *key, *value;
    Py_ssize_t position = 0;
    while (references && PyDict_Next(library, &position, &key, &value)) {
        PyObject *reference = PyModule_Check(value) ? PyWeakref_NewRef(value, NULL) : NULL;
        if (reference) PyList_Append(references, reference);
        Py_XDECREF(reference);
    }
    PyErr_Clear();
    Py_XDECREF(PyObject_CallNoArgs(unfreeze));
    PyDict_Clear(library);
    PyDict_Clear(scope);
    Py_XDECREF(PyObject_CallNoArgs(collect));
    for (Py_ssize_t i = references ? PyList_GET_SIZE(references) : 0; i-- > 0;) {
        PyObject *module = NULL;
        if (PyWeakref_GetRef(PyList_GET_ITEM(references, i), &module) == 1) {
            clear_namespace(PyModule_GetDict(module));
            Py_DECREF(module);
        }
    }
    Py_XDECREF(references);
    PyErr_Clear();
}

/* Called when the interpreter begins to clear the namespaces of modules that are still alive. */
static void on_sentinel_cleared(PyObject *capsule) {
    (void)capsule;
    if (!is_quick || !has_survivors()) return;
    PyObject *error = PyErr_GetRaisedException();
    clear_library();
    PyErr_SetRaisedException(error);
}

/* Keeps what single-phase extensions have copied of their namespaces, of which the interpreter lets go. */
static void keep_copies(void) {
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (PyDict_Next(library, &position, &key, &value)) {
        PyModuleDef *definition = PyModule_Check(value) ? PyModule_GetDef(value) : NULL;
        if (definition) Py_XINCREF(definition->m_base.m_copy);
    }
    PyErr_Clear();
}

/* Whether a module is the program's own, and goes with its last reference: not an extension, nor installed. */
static int is_own(PyObject *name, PyObject *module) {
    if (!PyModule_Check(module) || PyDict_GetItemWithError(base, name) == module) return 0;
    /* A program of -c has no file. */
    if (PyUnicode_EqualToUTF8(name, "__main__")) return 1;
    PyObject *file = PyDict_GetItemString(PyModule_GetDict(module), "__file__");
    return file && PyUnicode_Check(file) && PyUnicode_Tailmatch(file, source_suffix, 0, PY_SSIZE_T_MAX, 1) == 1 &&
           PyUnicode_Tailmatch(file, system_prefix, 0, PY_SSIZE_T_MAX, -1) != 1;
}

/* Leaves the modules of the snapshot alone: takes them from sys.modules, before the interpreter goes through that. */
static void leave_library(PyObject *system) {
    static const char *const heavy[] = {"path_importer_cache", "path_hooks"};
    for (int i = 0; i < 2; i++) Py_XINCREF(PyDict_GetItemString(system, heavy[i]));
    PyObject *modules = PyImport_GetModuleDict(), *key, *value;
    PyObject *bootstrap = PyDict_GetItemString(base, "_frozen_importlib");
    if (!modules || !PyDict_CheckExact(modules) || !bootstrap) return;
    PyObject *sentinel = PyModule_New(SENTINEL), *capsule = PyCapsule_New(&is_quick, NULL, on_sentinel_cleared);
    if (!sentinel || !capsule) return;
    Py_ssize_t position = 0;
    while (PyDict_Next(modules, &position, &key, &value)) {
        if (PyDict_GetItemWithError(library, key) == value)
            PyDict_SetItem(modules, key, Py_None);
        else if (PyUnicode_Check(key) && is_own(key, value) && own_count < MAX_OWN)
            own_namespaces[own_count++] = PyModule_GetDict(value);
    }
    for (int i = 0; i < own_count; i++) {
        canaries[i] = PyList_New(0);
        if (!canaries[i] || PyDict_SetItemString(own_namespaces[i], CANARY, canaries[i]) != 0) return;
    }
    PyObject_SetAttrString(bootstrap, "_find_and_load", plain_import);
    /* The interpreter clears those last that came first: this one, which is never freed, comes before all others. */
    PyObject_SetAttrString(sentinel, "_capsule", capsule);
    Py_DECREF(capsule);
    PyDict_SetItemString(modules, SENTINEL, sentinel);
    is_quick = 1;
}

static int on_system_change(PyDict_WatchEvent event, PyObject *system, PyObject *key, PyObject *value) {
    /* The first that the interpreter does to modules at its end. */
    if (event == PyDict_EVENT_MODIFIED && value == Py_None && library && Py_IsFinalizing() &&
        PyUnicode_Check(key) && PyUnicode_EqualToUTF8(key, "path_importer_cache")) {
        PyObject *error = PyErr_GetRaisedException();
        if (!has_begun) leave_library(system);
        has_begun = 1;
        PyErr_Clear();
        PyErr_SetRaisedException(error);
    }
    return 0;
}

/* The caller of Py_FinalizeEx, as it is found on the stack. */
struct frame {
    uint64_t rbx, rbp, r12, r13, r14, r15, stack, target;
};

static int is_call_of_finalize(const unsigned char *end) {
    int32_t distance;
    if (end[-5] != 0xe8) return 0;
    memcpy(&distance, end - 4, 4);
    return end + distance == (const unsigned char *)Py_FinalizeEx;
}

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument) {
    struct frame *frame = argument;
    uint64_t target = _Unwind_GetIP(context);
    if (!target) return _URC_END_OF_STACK;
    if (!is_call_of_finalize((const unsigned char *)target)) return _URC_NO_REASON;
    *frame = (struct frame){_Unwind_GetGR(context, 3),  _Unwind_GetGR(context, 6),  _Unwind_GetGR(context, 12),
                            _Unwind_GetGR(context, 13), _Unwind_GetGR(context, 14), _Unwind_GetGR(context, 15),
                            _Unwind_GetCFA(context),    target};
    return _URC_END_OF_STACK;
}

/* Called when all modules are gone. Nothing of the interpreter's remains that anybody could see, so Py_FinalizeEx, from
 * which we are called, returns at once. */
static void on_state_cleared(PyObject *capsule) {
    (void)capsule;
    struct frame frame = {0};
    if (!is_quick || !is_flushed || !Py_IsFinalizing()) return;
    _Unwind_Backtrace(on_frame, &frame);
    if (!frame.target) return;
    __asm__ volatile("mov %0, %%rcx\n\t"
                     "mov 0(%%rcx), %%rbx\n\tmov 8(%%rcx), %%rbp\n\tmov 16(%%rcx), %%r12\n\tmov 24(%%rcx), %%r13\n\t"
                     "mov 32(%%rcx), %%r14\n\tmov 40(%%rcx), %%r15\n\tmov 48(%%rcx), %%rsp\n\t"
                     "xor %%eax, %%eax\n\tjmp *56(%%rcx)"
                     :
                     : "r"(&frame)
                     : "memory");
    __builtin_unreachable();
}

/* Whether the stream is one of the interpreter's own making, which can be flushed twice, and was. */
static int flush(const char *name) {
    PyObject *stream = PySys_GetObject(name);
    if (!stream || stream == Py_None) return 1;
    PyObject *io = PyDict_GetItemString(base, "io");
    PyObject *kind = io ? PyObject_GetAttrString(io, "TextIOWrapper") : NULL;
    int is_known = kind && (PyObject *)Py_TYPE(stream) == kind && is_standard_stream(stream);
    Py_XDECREF(kind);
    PyObject *result = is_known ? PyObject_CallMethod(stream, "flush", NULL) : NULL;
    Py_XDECREF(result);
    PyErr_Clear();
    return result != NULL;
}

/* The last function that atexit calls. */
static PyObject *at_exit(PyObject *module, PyObject *arguments) {
    (void)module;
    (void)arguments;
    is_flushed = library && flush("stdout") && flush("stderr");
    Py_RETURN_NONE;
}
static PyMethodDef at_exit_method = {"_exec_mcp_at_exit", at_exit, METH_NOARGS, NULL};

static PyObject *member(PyObject *modules, const char *module_name, const char *name) {
    PyObject *module = PyDict_GetItemString(modules, module_name);
    PyObject *value = module ? PyObject_GetAttrString(module, name) : NULL;
    if (!value) fail("a module of the interpreter is not as expected");
    return value;
}

void prepare_ending(PyObject *library_modules, PyObject *base_modules, PyObject *namespace, PyObject *import_function) {
    base = Py_NewRef(base_modules);
    scope = Py_NewRef(namespace);
    plain_import = Py_NewRef(import_function);
    /* No function is registered yet, so this one will be the last that is called. */
    PyObject *function = PyCFunction_New(&at_exit_method, NULL), *add = member(library_modules, "atexit", "register");
    PyObject *result = function ? PyObject_CallOneArg(add, function) : NULL;
    collect = member(library_modules, "gc", "collect");
    get_objects = member(library_modules, "gc", "get_objects");
    unfreeze = member(library_modules, "gc", "unfreeze");
    PyObject *prefix = PySys_GetObject("prefix");
    system_prefix = prefix ? PyUnicode_FromFormat("%U/", prefix) : NULL;
    source_suffix = PyUnicode_FromString(".py");
    PyObject *sys = PyDict_GetItemString(base, "sys");
    PyObject *state = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject *capsule = PyCapsule_New(&is_flushed, NULL, on_state_cleared);
    int watcher = PyDict_AddWatcher(on_system_change);
    if (!result || !system_prefix || !source_suffix || !sys || !state || !capsule || watcher < 0 ||
        PyDict_Watch(watcher, PyModule_GetDict(sys)) || PyDict_SetItemString(state, SENTINEL, capsule))
        fail("the end of the interpreter can't be watched");
    Py_DECREF(result);
    Py_DECREF(function);
    Py_DECREF(add);
    Py_DECREF(capsule);
    library = Py_NewRef(library_modules);
    keep_copies();
}
