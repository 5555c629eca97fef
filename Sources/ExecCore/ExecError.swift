/// Why a request to a sandbox failed.
///
/// A command that fails isn't an error: its exit code is a result. Errors are for commands that could not be run and
/// for file operations that failed.
public struct ExecError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of a failure.
    public struct Code: Hashable, Sendable {
        private enum Value {
            case invalidArgument, refused, notFound, conflict, engineMissing, engineFailed, imageMissing, sandboxEnded,
                busy, timedOut
        }

        private let value: Value

        /// An argument isn't acceptable, whatever the state of the sandbox.
        public static let invalidArgument = Code(value: .invalidArgument)
        /// The sandbox could not do it: no permission, not text, too large.
        public static let refused = Code(value: .refused)
        /// The requested item doesn't exist.
        public static let notFound = Code(value: .notFound)
        /// The name is taken.
        public static let conflict = Code(value: .conflict)
        /// The engine's command line was not found.
        public static let engineMissing = Code(value: .engineMissing)
        /// The engine cannot be reached or doesn't start the sandbox.
        public static let engineFailed = Code(value: .engineFailed)
        /// The engine doesn't have the sandbox's image.
        public static let imageMissing = Code(value: .imageMissing)
        /// The sandbox ended during the call.
        public static let sandboxEnded = Code(value: .sandboxEnded)
        /// No capacity is left.
        public static let busy = Code(value: .busy)
        /// It took longer than allowed.
        public static let timedOut = Code(value: .timedOut)
    }

    /// The kind of failure.
    public let code: Code
    /// What happened and what to do about it, for the user or the model that made the request.
    public let message: String

    /// Creates a failure of the kind `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
