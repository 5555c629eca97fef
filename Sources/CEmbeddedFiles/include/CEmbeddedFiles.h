#pragma once

// A text file that the compiler has put into the program.
struct embedded_file {
    const char *_Nonnull name;
    // UTF-8, with a zero at its end.
    const unsigned char *_Nonnull text;
};

// Files in the order of their list, and their number.
struct embedded_files {
    const struct embedded_file *_Nonnull files;
    int count;
};

// Hidden: every program exports its other functions, and keeps what it exports.
#pragma GCC visibility push(hidden)
struct embedded_files embedded_bridge_package(void);
struct embedded_files embedded_command_programs(void);
struct embedded_files embedded_guest_loaders(void);
struct embedded_files embedded_guest_modules(void);
struct embedded_files embedded_image(void);
struct embedded_files embedded_image_launcher(void);
struct embedded_files embedded_page(void);
#pragma GCC visibility pop
