@testable import ExecCore

extension CommandResult {
    /// A result that says what a test says, and otherwise nothing.
    static func of(
        exitCode: Int, output: String = "", error: String = "", timedOut: Bool = false, isTruncated: Bool = false,
        artifacts: [Artifact] = []
    ) -> CommandResult {
        CommandResult(
            exitCode: exitCode, standardOutput: output, standardError: error, timedOut: timedOut,
            isTruncated: isTruncated, artifacts: artifacts)
    }
}

/// Lets tasks wait until it is opened.
actor AsyncGate {
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
