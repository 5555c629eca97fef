import JSON

/// Why the guest did not do what it was asked for, by the names that the kinds have on the channel.
enum GuestFailureCode: String, Sendable, CaseIterable {
    /// There is no room for it.
    case busy
    /// It took longer than it may.
    case timedOut = "timed_out"
    /// What was asked for makes no sense, or cannot be done so.
    case invalid
    /// What was asked for is not there.
    case notFound = "not_found"
    /// The system did not let it.
    case io
    /// It is not text.
    case binary
    /// It is a picture that is not whole.
    case broken
    /// It is more than may be handed on.
    case tooLarge = "too_large"
    /// It was ended before it was done.
    case ended

    /// The kind of error that a caller sees.
    var errorCode: ExecError.Code {
        switch self {
        case .busy: .busy
        case .timedOut: .timedOut
        case .invalid: .invalidArgument
        case .notFound: .notFound
        case .io, .binary, .broken, .tooLarge, .ended: .refused
        }
    }
}

extension ExecError {
    /// The error that a guest's failure stands for. A code that nobody knows is a refusal like others.
    init(guestFailure value: JSON) {
        let said = value["message"]?.stringValue ?? ""
        let message = said.isEmpty ? "The sandbox refused without saying why." : said
        let code = value["code"]?.stringValue.flatMap(GuestFailureCode.init)
        self.init(code?.errorCode ?? .refused, message)
    }
}
