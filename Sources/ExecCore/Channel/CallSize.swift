import JSON

/// Size limits on the parameters of a call. The guest ends, with everything that runs in the sandbox, if it receives a
/// frame over the maximum length, so calls that would exceed it are rejected here.
enum CallSize {
    /// Maximum size in bytes of each argument other than `command`: names and paths, which error messages repeat.
    static let argumentLimit = 64 * 1024
    /// Maximum size in bytes of the longest argument, `command`, as encoded in the frame.
    static let commandLimit = Frame.maxPayload - 1024

    /// - Throws: ``ExecError/Code/invalidArgument`` that names the argument that is too long.
    static func check(_ params: JSON) throws(ExecError) {
        for member in params.objectValue ?? [:] {
            guard let text = member.value.stringValue else { continue }
            let count = text.utf8.count
            if member.key == "command" {
                // Escaping makes at most six bytes of one.
                guard count > commandLimit / 6 else { continue }
                let written = count > commandLimit ? count : member.value.serialized().count
                guard written > commandLimit else { continue }
                throw ExecError(
                    .invalidArgument,
                    """
                    command has \(count) bytes, \(written) when encoded; one call can carry at most \(commandLimit). \
                    Write long data to a file with write_file first, and have the command read it.
                    """)
            }
            guard count > argumentLimit else { continue }
            throw ExecError(
                .invalidArgument, "\(member.key) has \(count) bytes; at most \(argumentLimit) are accepted.")
        }
    }
}
