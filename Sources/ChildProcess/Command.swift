import SystemCalls

/// A program to run, and its parameters. No shell is involved.
public struct Command: Sendable, Equatable {
    /// Path of the program file.
    public var executable: String
    /// The arguments after the program's name.
    public var arguments: [String]
    /// The complete environment of the program; `nil` inherits ours.
    public var environment: [String: String]?
    /// The directory to start the program in; `nil` for the current one.
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
    /// It exited with this code, 0 to 255.
    case exited(Int32)
    /// It was terminated by this signal.
    case signalled(Int32)

    /// Decodes a status from `waitpid`.
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

/// A program couldn't be started.
public struct SpawnError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Path of the program file.
    public let executable: String
    /// The system's error number; `ENOENT` if there is no such file.
    public let errno: Int32
    /// The operation that failed, as part of a sentence.
    public let operation: String

    /// The error message.
    public var description: String { "\(operation) \(executable): \(SystemError(number: errno))" }
}
