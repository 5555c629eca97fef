// What the sandbox's image is built from.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("Dockerfile")
#embed "../../container/Dockerfile"
END_FILE
BEGIN_FILE("install.py")
#embed "../../container/install.py"
END_FILE
BEGIN_FILE("requirements.txt")
#embed "../../container/requirements.txt"
END_FILE
BEGIN_FILE("requirements-slim.txt")
#embed "../../container/requirements-slim.txt"
END_FILE
BEGIN_FILE("packages.txt")
#embed "../../container/packages.txt"
END_FILE
BEGIN_FILE("packages-slim.txt")
#embed "../../container/packages-slim.txt"
END_FILE
BEGIN_FILE("fonts.py")
#embed "../../container/fonts.py"
END_FILE
BEGIN_FILE("prepare.sh")
#embed "../../container/prepare.sh"
END_FILE
BEGIN_FILE("uv.sh")
#embed "../../container/uv.sh"
END_FILE
BEGIN_FILE("smoke.py")
#embed "../../container/smoke.py"
END_FILE
END_FILES(embedded_image)
