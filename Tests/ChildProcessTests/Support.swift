import Foundation
import TestSupport

@testable import ChildProcess

extension Command {
    /// A command that has /bin/sh run `script`, with `arguments` as `$1`, `$2`…
    static func shell(_ script: String, _ arguments: String...) -> Command {
        Command(executable: "/bin/sh", arguments: ["-c", script, "sh"] + arguments)
    }
}

/// Whether there is a process with this id, also one that has ended and is not reaped.
func processExists(_ identifier: Int32) -> Bool {
    kill(identifier, 0) == 0 || errno == EPERM
}
