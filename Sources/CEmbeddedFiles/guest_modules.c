// The modules of the program inside every sandbox. bootstrap.py compiles each when it is first used.
#include "embed.h"

BEGIN_FILES
BEGIN_FILE("frames")
#embed "../ExecCore/Guest/guest/frames.py"
END_FILE
BEGIN_FILE("limits")
#embed "../ExecCore/Guest/guest/limits.py"
END_FILE
BEGIN_FILE("system")
#embed "../ExecCore/Guest/guest/system.py"
END_FILE
BEGIN_FILE("directory_modes")
#embed "../ExecCore/Guest/guest/directory_modes.py"
END_FILE
BEGIN_FILE("event_loop")
#embed "../ExecCore/Guest/guest/event_loop.py"
END_FILE
BEGIN_FILE("processes")
#embed "../ExecCore/Guest/guest/processes.py"
END_FILE
BEGIN_FILE("terminal")
#embed "../ExecCore/Guest/guest/terminal.py"
END_FILE
BEGIN_FILE("output")
#embed "../ExecCore/Guest/guest/output.py"
END_FILE
BEGIN_FILE("paths")
#embed "../ExecCore/Guest/guest/paths.py"
END_FILE
BEGIN_FILE("charsets")
#embed "../ExecCore/Guest/guest/charsets.py"
END_FILE
BEGIN_FILE("formats")
#embed "../ExecCore/Guest/guest/formats.py"
END_FILE
BEGIN_FILE("picture_validation")
#embed "../ExecCore/Guest/guest/picture_validation.py"
END_FILE
BEGIN_FILE("picture_scaler")
#embed "../ExecCore/Guest/guest/picture_scaler.py"
END_FILE
BEGIN_FILE("pictures")
#embed "../ExecCore/Guest/guest/pictures.py"
END_FILE
BEGIN_FILE("files")
#embed "../ExecCore/Guest/guest/files.py"
END_FILE
BEGIN_FILE("docstrings")
#embed "../ExecCore/Guest/guest/docstrings.py"
END_FILE
BEGIN_FILE("file_transfers")
#embed "../ExecCore/Guest/guest/file_transfers.py"
END_FILE
BEGIN_FILE("artifacts")
#embed "../ExecCore/Guest/guest/artifacts.py"
END_FILE
BEGIN_FILE("artifact_watcher")
#embed "../ExecCore/Guest/guest/artifact_watcher.py"
END_FILE
BEGIN_FILE("shells")
#embed "../ExecCore/Guest/guest/shells.py"
END_FILE
BEGIN_FILE("confinement")
#embed "../ExecCore/Guest/guest/confinement.py"
END_FILE
BEGIN_FILE("module_files")
#embed "../ExecCore/Guest/guest/module_files.py"
END_FILE
BEGIN_FILE("workers")
#embed "../ExecCore/Guest/guest/workers.py"
END_FILE
BEGIN_FILE("disk_usage")
#embed "../ExecCore/Guest/guest/disk_usage.py"
END_FILE
BEGIN_FILE("monitor_process")
#embed "../ExecCore/Guest/guest/monitor_process.py"
END_FILE
BEGIN_FILE("disk_monitor")
#embed "../ExecCore/Guest/guest/disk_monitor.py"
END_FILE
BEGIN_FILE("pool")
#embed "../ExecCore/Guest/guest/pool.py"
END_FILE
BEGIN_FILE("progress")
#embed "../ExecCore/Guest/guest/progress.py"
END_FILE
BEGIN_FILE("http_proxy")
#embed "../ExecCore/Guest/guest/http_proxy.py"
END_FILE
BEGIN_FILE("guest_calls")
#embed "../ExecCore/Guest/guest/guest_calls.py"
END_FILE
BEGIN_FILE("relay")
#embed "../ExecCore/Guest/guest/relay.py"
END_FILE
BEGIN_FILE("egress")
#embed "../ExecCore/Guest/guest/egress.py"
END_FILE
BEGIN_FILE("admission")
#embed "../ExecCore/Guest/guest/admission.py"
END_FILE
BEGIN_FILE("background_jobs")
#embed "../ExecCore/Guest/guest/background_jobs.py"
END_FILE
BEGIN_FILE("calls")
#embed "../ExecCore/Guest/guest/calls.py"
END_FILE
BEGIN_FILE("commands")
#embed "../ExecCore/Guest/guest/commands.py"
END_FILE
BEGIN_FILE("file_operations")
#embed "../ExecCore/Guest/guest/file_operations.py"
END_FILE
BEGIN_FILE("active_calls")
#embed "../ExecCore/Guest/guest/active_calls.py"
END_FILE
BEGIN_FILE("attribution")
#embed "../ExecCore/Guest/guest/attribution.py"
END_FILE
BEGIN_FILE("bridge")
#embed "../ExecCore/Guest/guest/bridge.py"
END_FILE
BEGIN_FILE("instant")
#embed "../ExecCore/Guest/guest/instant.py"
END_FILE
BEGIN_FILE("memory")
#embed "../ExecCore/Guest/guest/memory.py"
END_FILE
BEGIN_FILE("termination")
#embed "../ExecCore/Guest/guest/termination.py"
END_FILE
BEGIN_FILE("heartbeat")
#embed "../ExecCore/Guest/guest/heartbeat.py"
END_FILE
BEGIN_FILE("channel")
#embed "../ExecCore/Guest/guest/channel.py"
END_FILE
BEGIN_FILE("disk_limit")
#embed "../ExecCore/Guest/guest/disk_limit.py"
END_FILE
BEGIN_FILE("dispatcher")
#embed "../ExecCore/Guest/guest/dispatcher.py"
END_FILE
BEGIN_FILE("call_io")
#embed "../ExecCore/Guest/guest/call_io.py"
END_FILE
BEGIN_FILE("worker_io")
#embed "../ExecCore/Guest/guest/worker_io.py"
END_FILE
BEGIN_FILE("call_lifecycle")
#embed "../ExecCore/Guest/guest/call_lifecycle.py"
END_FILE
BEGIN_FILE("process_control")
#embed "../ExecCore/Guest/guest/process_control.py"
END_FILE
BEGIN_FILE("session")
#embed "../ExecCore/Guest/guest/session.py"
END_FILE
BEGIN_FILE("network_proof")
#embed "../ExecCore/Guest/guest/network_proof.py"
END_FILE
BEGIN_FILE("memory_guard")
#embed "../ExecCore/Guest/guest/memory_guard.py"
END_FILE
BEGIN_FILE("seal")
#embed "../ExecCore/Guest/guest/seal.py"
END_FILE
BEGIN_FILE("py_client")
#embed "../ExecCore/Guest/guest/py_client.py"
END_FILE
BEGIN_FILE("py_display")
#embed "../ExecCore/Guest/guest/py_display.py"
END_FILE
BEGIN_FILE("py_program")
#embed "../ExecCore/Guest/guest/py_program.py"
END_FILE
BEGIN_FILE("py_help")
#embed "../ExecCore/Guest/guest/py_help.py"
END_FILE
BEGIN_FILE("py_session")
#embed "../ExecCore/Guest/guest/py_session.py"
END_FILE
BEGIN_FILE("py_broker")
#embed "../ExecCore/Guest/guest/py_broker.py"
END_FILE
BEGIN_FILE("py_command")
#embed "../ExecCore/Guest/guest/py_command.py"
END_FILE
BEGIN_FILE("main")
#embed "../ExecCore/Guest/guest/main.py"
END_FILE
END_FILES(embedded_guest_modules)
