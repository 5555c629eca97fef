import JSON

/// Why the guest did not do what it was asked to, by the names of the codes on the channel.
enum GuestFailureCode: String, Sendable, CaseIterable {
    /// No capacity is left.
    case busy
    /// It took longer than allowed.
    case timedOut = "timed_out"
    /// The request isn't valid, or cannot be carried out this way.
    case invalid
    /// The requested item doesn't exist.
    case notFound = "not_found"
    /// The name is taken.
    case exists
    /// The operating system reported an error.
    case io
    /// The content isn't text.
    case binary
    /// The picture is incomplete.
    case broken
    /// The content is larger than may be returned.
    case tooLarge = "too_large"
    /// The operation was ended before it was finished.
    case ended

    /// The error code that the caller sees.
    var errorCode: ExecError.Code {
        switch self {
        case .busy: .busy
        case .timedOut: .timedOut
        case .invalid: .invalidArgument
        case .notFound: .notFound
        case .exists: .conflict
        case .io, .binary, .broken, .tooLarge, .ended: .refused
        }
    }
}

extension ExecError {
    /// Creates the error for a guest's failure. An unknown code counts as a refusal.
    init(guestFailure value: JSON) {
        let said = value["message"]?.stringValue ?? ""
        let message = said.isEmpty ? "The sandbox refused without giving a reason." : said
        let code = value["code"]?.stringValue.flatMap(GuestFailureCode.init)
        self.init(code?.errorCode ?? .refused, message)
    }
}
