import ChildProcess
import Diagnostics

/// What the engine's command line said when it ended, turned into words that help.
struct EngineFailure: Sendable {
    let engine: String
    let image: String
    let end: ChildProcess.End

    /// The failure of a sandbox that never said hello.
    var startError: ExecError {
        let said = saidText
        let lowered = said.lowercased()
        if let missing = missingImageError { return missing }
        if let unreachable = unreachableError { return unreachable }
        if lowered.contains("python3") && (lowered.contains("not found") || lowered.contains("no such file")) {
            return ExecError(.engineFailed, "The image \(image) has no python3, which a sandbox needs. Use another.")
        }
        return ExecError(.engineFailed, "The sandbox could not be started (\(end.status)). The engine said: \(said)")
    }

    /// The failure to answer a question.
    var answerError: ExecError {
        missingImageError ?? unreachableError
            ?? ExecError(.engineFailed, "The engine refused to answer (\(end.status)). It said: \(saidText)")
    }

    /// The failure of an image that is not there; `nil` where that is not what the engine says.
    private var missingImageError: ExecError? {
        let lowered = saidText.lowercased()
        if lowered.contains("no such image") || lowered.contains("unable to find image")
            || lowered.contains("image not known") || lowered.contains("no such object")
        {
            return ExecError(
                .imageMissing,
                """
                The sandbox image \(image) is not on this machine. Build it with `exec-mcp image` (or `make image` in \
                the exec-mcp directory), or pull your own with `\(engine) pull` and name it with --image.
                """)
        }
        return nil
    }

    /// The failure of an engine that could not be asked at all; `nil` where that is not what it says.
    var unreachableError: ExecError? {
        let said = saidText
        let lowered = said.lowercased()
        if lowered.contains("permission denied") && lowered.contains("sock") {
            return ExecError(
                .engineFailed,
                """
                This account may not use the container engine. Add it to the group docker (`sudo usermod -aG docker \
                $USER`, then log in again) or use a rootless engine. The engine said: \(said)
                """)
        }
        if lowered.contains("cannot connect") || lowered.contains("failed to connect")
            || lowered.contains("is the docker daemon running") || lowered.contains("connection refused")
            || lowered.contains("no such host")
        {
            return ExecError(
                .engineFailed,
                """
                The container engine is not running. Start it (Docker Desktop, OrbStack, `sudo systemctl start \
                docker`, or `make image` in the exec-mcp directory) and call again. The engine said: \(said)
                """)
        }
        return nil
    }

    /// The failure of a sandbox that had been running.
    var endError: ExecError {
        ExecError(
            .sandboxEnded,
            """
            The sandbox ended during the call (\(summary)). Its processes are gone; files in a persistent \
            /workspace are still there. The next call starts a new sandbox.
            """)
    }

    /// How the command line ended and what it said, in a few words.
    var summary: String {
        // Of one that another server started there is no status.
        let status = end.status == .exited(-1) ? "nobody knows how" : "\(end.status)"
        return end.errorOutput.isEmpty ? status : "\(status): \(saidText)"
    }

    /// What it said, on one line.
    var saidText: String {
        let text = String(decoding: end.errorOutput, as: UTF8.self).singleLine(limit: 600)
        return text.isEmpty ? "nothing" : text
    }
}
