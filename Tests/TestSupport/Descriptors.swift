import Foundation

/// How many descriptors this process has open. Only a process that does nothing else meanwhile can say something by it.
package func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count
}

/// Has the runtime open what it keeps for good: each clock gets its descriptors when somebody first waits for it, which
/// must not be in the middle of a count.
package func warmUpClocks() async throws {
    try await Task.sleep(for: .milliseconds(1), clock: .continuous)
    try await Task.sleep(for: .milliseconds(1), clock: .suspending)
}
