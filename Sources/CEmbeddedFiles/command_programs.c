// Python programs that subcommands of exec-mcp run in a sandbox.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("probe.py")
#embed "../ExecMCP/Commands/Doctor/probe.py"
END_FILE
BEGIN_FILE("draft_findings.py")
#embed "../ExecMCP/Commands/Skills/draft_findings.py"
END_FILE
BEGIN_FILE("drafts.py")
#embed "../ExecMCP/Commands/Skills/drafts.py"
END_FILE
BEGIN_FILE("inspect_draft.py")
#embed "../ExecMCP/Commands/Skills/inspect_draft.py"
END_FILE
BEGIN_FILE("run_tests.py")
#embed "../ExecMCP/Commands/Skills/run_tests.py"
END_FILE
END_FILES(embedded_command_programs)
