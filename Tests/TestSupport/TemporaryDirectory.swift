import Foundation

/// A directory that is gone with its last user.
package final class TemporaryDirectory: Sendable {
    /// Its path, without links.
    package let path: String

    /// Makes an empty directory.
    package init() throws {
        var template = Array("/tmp/exec-mcp-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template), let resolved = realpath(made, nil) else { throw POSIXError(.EIO) }
        defer { free(resolved) }
        path = String(cString: resolved)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file and the directories above it.
    ///
    /// - Returns: its whole path.
    @discardableResult
    package func write(_ content: String, to name: String, mode: UInt32 = 0o644) throws -> String {
        try write(Array(content.utf8), to: name, mode: mode)
    }

    /// Writes a file and the directories above it.
    ///
    /// - Returns: its whole path.
    @discardableResult
    package func write(_ content: [UInt8], to name: String, mode: UInt32 = 0o644) throws -> String {
        let file = "\(path)/\(name)"
        // By bytes: with a combining mark behind it, a slash is no slash to Swift.
        if let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) { try makeDirectory(String(name[..<slash])) }
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw POSIXError(.EIO) }
        defer { close(descriptor) }
        guard Foundation.write(descriptor, content, content.count) == content.count else { throw POSIXError(.EIO) }
        return file
    }

    /// Makes a directory and those above it.
    ///
    /// - Returns: its whole path.
    @discardableResult
    package func makeDirectory(_ name: String) throws -> String {
        let directory = "\(path)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return directory
    }
}
