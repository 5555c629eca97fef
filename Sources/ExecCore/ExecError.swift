/// Why something asked of a sandbox was not done.
///
/// A command that fails is no error: its exit code is a result. Errors are for what kept us from running it, and for
/// file operations that cannot be done.
public struct ExecError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable {
        private enum Value {
            case invalidArgument, refused, notFound, engineMissing, engineFailed, imageMissing, sandboxEnded, busy,
                timedOut
        }

        private let value: Value

        /// An argument is not acceptable, whatever the state of the sandbox.
        public static let invalidArgument = Code(value: .invalidArgument)
        /// The sandbox could not do it: no permission, not text, too large.
        public static let refused = Code(value: .refused)
        /// What was asked for is not there.
        public static let notFound = Code(value: .notFound)
        /// There is no engine command line.
        public static let engineMissing = Code(value: .engineMissing)
        /// The engine cannot be reached or will not start the sandbox.
        public static let engineFailed = Code(value: .engineFailed)
        /// The engine does not have the sandbox's image.
        public static let imageMissing = Code(value: .imageMissing)
        /// The sandbox ended while the call was in it.
        public static let sandboxEnded = Code(value: .sandboxEnded)
        /// All places are taken.
        public static let busy = Code(value: .busy)
        /// It took longer than it may.
        public static let timedOut = Code(value: .timedOut)
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened and what to do about it, for the person or the model that asked.
    public let message: String

    /// A failure of the kind `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
