import JSON

/// How large what is asked of the guest may be. It takes frames up to a length, and one that is longer would be the end of
/// it, with everything that runs in the sandbox.
enum CallSize {
    /// What the arguments may have that are no command, in bytes: names and paths, which come back in refusals.
    static let argumentLimit = 64 * 1024
    /// What is left of a frame for the longest argument, as it is written there.
    static let commandLimit = Frame.maximumPayload - 1024

    /// - Throws: ``ExecError/Code/invalidArgument`` that names the argument which is too long.
    static func check(_ params: JSON) throws(ExecError) {
        for member in params.objectValue ?? [:] {
            guard let text = member.value.stringValue else { continue }
            let count = text.utf8.count
            if member.key == "command" {
                // Escapes make at most six bytes of one.
                guard count > commandLimit / 6 else { continue }
                let written = count > commandLimit ? count : member.value.serialized().count
                guard written > commandLimit else { continue }
                throw ExecError(
                    .invalidArgument,
                    """
                    command has \(count) bytes, which are \(written) as they are sent; at most \(commandLimit) go into one \
                    call. Write what is long to a file with write_file first, and have the command read it.
                    """)
            }
            guard count > argumentLimit else { continue }
            throw ExecError(
                .invalidArgument, "\(member.key) has \(count) bytes; at most \(argumentLimit) are taken.")
        }
    }
}
