package import JSON

/// The calls that a guest may start, by the names that they have on the channel.
package enum GuestCallMethod: String, Sendable, CaseIterable {
    /// Asks for a connection to a host: ``ConnectParameters``.
    case connect
}

/// Serves the calls of one method.
package protocol GuestCallHandler: Sendable {
    /// How many of its calls may be open at once. An honest guest asks for fewer.
    var maxOpenCalls: Int { get }

    /// Makes a call that is about to begin. Called by the thread that reads the channel: returns at once.
    ///
    /// - Parameters:
    ///   - parameters: what the guest asks for. It is no more to be trusted than what runs in the sandbox.
    ///   - id: the call's id, which all of its frames have.
    /// - Throws: ``ChannelError`` for parameters that no guest of ours sends. What is only not allowed is answered.
    func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall
}

/// A call that the guest has started and that is not over.
///
/// Bytes go both ways in windows: neither side sends more than the other has said it will take. All but ``serve()`` is
/// called by the thread that reads the channel, and returns at once.
package protocol GuestCall: Sendable {
    /// Serves the call to its end and answers it. Called once; blocks the calling thread, which is the call's own.
    func serve()

    /// Takes bytes that the guest sent.
    ///
    /// - Throws: ``ChannelError`` where they are more than the guest may send.
    func take(_ bytes: ArraySlice<UInt8>) throws(ChannelError)

    /// The guest will take `count` more bytes.
    ///
    /// - Throws: ``ChannelError`` where that would be more than there are on the way.
    func grant(_ count: UInt32) throws(ChannelError)

    /// No more comes from the guest.
    func endOfInput()

    /// The call is no longer wanted, or the sandbox is gone: ``serve()`` returns soon.
    func cancel()
}

/// Why a call of the guest's came to nothing.
package struct GuestCallFailure: Error, Sendable, Equatable {
    /// The kinds, by the names that they have on the channel.
    package enum Code: String, Sendable, CaseIterable {
        /// It is not allowed.
        case refused
        /// What it asked for is not there, or does not answer.
        case unreachable
        /// There are too many calls.
        case busy
        /// It was under way and broke.
        case lost
        /// There is no such call.
        case unsupported
    }

    package let code: Code
    /// What happened, for whoever works in the sandbox.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The frame that tells the guest of it.
    func frame(of call: UInt32) -> Frame {
        Frame(.failure, call: call, ["code": .string(code.rawValue), "message": .string(message)])
    }
}
