import Foundation

/// Whether there is a process of this number, be it one that nobody has reaped.
func isAlive(_ process: Int32) -> Bool {
    kill(process, 0) == 0
}

/// How many descriptors this process has open.
func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count
}
