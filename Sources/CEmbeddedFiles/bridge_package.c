// The Python package of the bridge, by the paths below /mcp.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("bin/mcp")
#embed "../BridgeModules/Package/bin/mcp"
END_FILE
BEGIN_FILE("servers/__init__.py")
#embed "../BridgeModules/Package/servers/__init__.py"
END_FILE
BEGIN_FILE("servers/_arguments.py")
#embed "../BridgeModules/Package/servers/_arguments.py"
END_FILE
BEGIN_FILE("servers/_bridge.py")
#embed "../BridgeModules/Package/servers/_bridge.py"
END_FILE
BEGIN_FILE("servers/_cli.py")
#embed "../BridgeModules/Package/servers/_cli.py"
END_FILE
BEGIN_FILE("servers/_cli_arguments.py")
#embed "../BridgeModules/Package/servers/_cli_arguments.py"
END_FILE
BEGIN_FILE("servers/_cli_connect.py")
#embed "../BridgeModules/Package/servers/_cli_connect.py"
END_FILE
BEGIN_FILE("servers/_cli_output.py")
#embed "../BridgeModules/Package/servers/_cli_output.py"
END_FILE
BEGIN_FILE("servers/_connection.py")
#embed "../BridgeModules/Package/servers/_connection.py"
END_FILE
BEGIN_FILE("servers/_errors.py")
#embed "../BridgeModules/Package/servers/_errors.py"
END_FILE
BEGIN_FILE("servers/_files.py")
#embed "../BridgeModules/Package/servers/_files.py"
END_FILE
BEGIN_FILE("servers/_helpers.py")
#embed "../BridgeModules/Package/servers/_helpers.py"
END_FILE
BEGIN_FILE("servers/_lines.py")
#embed "../BridgeModules/Package/servers/_lines.py"
END_FILE
BEGIN_FILE("servers/_runtime.py")
#embed "../BridgeModules/Package/servers/_runtime.py"
END_FILE
BEGIN_FILE("servers/_together.py")
#embed "../BridgeModules/Package/servers/_together.py"
END_FILE
BEGIN_FILE("servers/_values.py")
#embed "../BridgeModules/Package/servers/_values.py"
END_FILE
BEGIN_FILE("tools.py")
#embed "../BridgeModules/Package/tools.py"
END_FILE
END_FILES(embedded_bridge_package)
