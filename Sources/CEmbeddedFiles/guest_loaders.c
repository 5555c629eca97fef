// Python programs that read what follows them from the channel.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("bootstrap")
#embed "../ExecCore/Guest/bootstrap.py"
END_FILE
BEGIN_FILE("unpack")
#embed "../ExecCore/Guest/unpack.py"
END_FILE
END_FILES(embedded_guest_loaders)
