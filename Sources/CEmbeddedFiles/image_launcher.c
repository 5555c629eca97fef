// What the image's launcher of --python instant is built from, in the order of the names.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("build.sh")
#embed "../../container/instant/build.sh"
END_FILE
BEGIN_FILE("ending.c")
#embed "../../container/instant/ending.c"
END_FILE
BEGIN_FILE("exit.c")
#embed "../../container/instant/exit.c"
END_FILE
BEGIN_FILE("freestanding.h")
#embed "../../container/instant/freestanding.h"
END_FILE
BEGIN_FILE("launcher.c")
#embed "../../container/instant/launcher.c"
END_FILE
BEGIN_FILE("preload.py")
#embed "../../container/instant/preload.py"
END_FILE
BEGIN_FILE("preloader.c")
#embed "../../container/instant/preloader.c"
END_FILE
BEGIN_FILE("preloader.h")
#embed "../../container/instant/preloader.h"
END_FILE
BEGIN_FILE("program.c")
#embed "../../container/instant/program.c"
END_FILE
BEGIN_FILE("program_text.h")
#embed "../../container/instant/program_text.h"
END_FILE
BEGIN_FILE("resume.py")
#embed "../../container/instant/resume.py"
END_FILE
BEGIN_FILE("snapshot.h")
#embed "../../container/instant/snapshot.h"
END_FILE
BEGIN_FILE("writer.c")
#embed "../../container/instant/writer.c"
END_FILE
END_FILES(embedded_image_launcher)
