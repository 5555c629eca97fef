#pragma once

#include "include/CEmbeddedFiles.h"

// Each list is a source file of its own, so that the linker leaves out of a program what it doesn't use:
//
//     BEGIN_FILES
//     BEGIN_FILE("hello.py")
//     #embed "../Greeter/hello.py"
//     END_FILE
//     END_FILES(embedded_greeter)

// clang has #embed, which is part of C23, in every version of C.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define BEGIN_FILES static const struct embedded_file files[] = {
#define BEGIN_FILE(name) {name, (const unsigned char[]){
#define END_FILE , 0}},
#define END_FILES(list) };\
    struct embedded_files list(void) { return (struct embedded_files){files, sizeof files / sizeof *files}; }
