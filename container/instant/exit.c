/* What C libraries do at the end of a process.
 *
 * The destructors of the libraries that a snapshot has loaded free memory, object by object, as if the process were to
 * go on. They would write to thousands of its pages. So they are kept in a list of our own, which a process that was
 * made from a snapshot leaves alone unless `is_thorough`. What is registered in that process itself is called as always,
 * and the C library's streams are flushed. */
#include "preloader.h"

#include <dlfcn.h>
#include <link.h>

#define MAX_HANDLERS 8192

struct handler {
    void (*function)(void *);
    void *argument, *library;
};

static struct handler handlers[MAX_HANDLERS];
static int handler_count;
static int is_recording, is_thorough;
static void (*finish_libraries)(void);
static unsigned long long loaded_libraries;

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int __cxa_atexit(void (*function)(void *), void *argument, void *library) {
    static int (*real)(void (*)(void *), void *, void *);
    if (is_recording && handler_count < MAX_HANDLERS) {
        handlers[handler_count++] = (struct handler){function, argument, library};
        return 0;
    }
    if (!real) real = dlsym(RTLD_NEXT, "__cxa_atexit");
    return real(function, argument, library);
}

/* Calls the kept handlers of a library, or of all. */
static void call_handlers(const void *library) {
    for (int i = handler_count; i-- > 0;) {
        struct handler handler = handlers[i];
        if (!handler.function || (library && handler.library != library)) continue;
        handlers[i].function = NULL;
        handler.function(handler.argument);
    }
}

/* Called when a library is unloaded. */
EXPORTED void __cxa_finalize(void *library) {
    static void (*real)(void *);
    if (is_recording || is_thorough) call_handlers(library);
    if (!real) real = dlsym(RTLD_NEXT, "__cxa_finalize");
    real(library);
}

static int count_libraries(struct dl_phdr_info *info, size_t size, void *count) {
    (void)size;
    *(unsigned long long *)count = info->dlpi_adds;
    return 1;
}

/* The first function that was registered, so the last that is called. */
static void at_end(void) {
    unsigned long long count = 0;
    dl_iterate_phdr(count_libraries, &count);
    if (is_thorough) call_handlers(NULL);
    /* A library that the program itself has loaded expects this. */
    if (finish_libraries && (is_thorough || count != loaded_libraries)) finish_libraries();
}

void keep_handlers(void (*finish)(void)) {
    finish_libraries = finish;
    atexit(at_end);
    is_recording = 1;
}

void stop_keeping_handlers(void) {
    is_recording = 0;
    dl_iterate_phdr(count_libraries, &loaded_libraries);
}

void end_thoroughly(void) { is_thorough = 1; }
