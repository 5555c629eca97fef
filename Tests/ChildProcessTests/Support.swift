import Foundation
import TestSupport

@testable import ChildProcess

extension Command {
    /// A command that has /bin/sh run `script`, with `arguments` as `$1`, `$2`…
    static func shell(_ script: String, _ arguments: String...) -> Command {
        Command(executable: "/bin/sh", arguments: ["-c", script, "sh"] + arguments)
    }
}

/// How many descriptors this process has open.
func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// Whether there is a process with this id, also one that has ended and is not reaped.
func processExists(_ identifier: Int32) -> Bool {
    kill(identifier, 0) == 0 || errno == EPERM
}
