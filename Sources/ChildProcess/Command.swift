import SystemCalls

/// A program to run and what to give it. There is no shell between this and the program.
public struct Command: Sendable, Equatable {
    /// Path of the program file.
    public var executable: String
    /// What the program gets after its own name.
    public var arguments: [String]
    /// The whole environment of the program; `nil` hands on our own.
    public var environment: [String: String]?
    /// The directory that the program starts in; `nil` for our own.
    public var workingDirectory: String?

    /// A command that runs the program at `executable`.
    public init(
        executable: String, arguments: [String] = [], environment: [String: String]? = nil,
        workingDirectory: String? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }
}

/// How a program ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    /// It ended itself with this code, 0 to 255.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)

    /// Takes apart what `waitpid` says.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
    }

    /// The status in words: `exit status 1`, `signal 9`.
    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "signal \(signal)"
        }
    }
}

/// A program could not be started.
public struct SpawnError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Path of the program file.
    public let executable: String
    /// The system's error number; `ENOENT` where there is no such file.
    public let errno: Int32
    /// What was being done, as part of a sentence.
    public let operation: String

    /// The failure in words.
    public var description: String { "\(operation) \(executable): \(SystemError(number: errno))" }
}
