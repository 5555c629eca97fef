// Extended attributes of files: Glibc's module leaves this header out.
#include <sys/xattr.h>
