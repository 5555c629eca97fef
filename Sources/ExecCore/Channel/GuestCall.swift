package import JSON

/// The methods of guest-initiated calls, by their names on the channel.
package enum GuestCallMethod: String, Sendable, CaseIterable {
    /// Opens a connection to a host: ``ConnectParameters``.
    case connect
    /// Opens a connection to the bridge, by which code in the sandbox calls tools of MCP servers.
    case bridge
}

/// Serves the guest-initiated calls of one method.
package protocol GuestCallHandler: Sendable {
    /// The maximum number of its calls open at once. An honest guest stays below it.
    var maxOpenCalls: Int { get }

    /// Creates a call that is about to start. Called on the thread that reads the channel, so it must return at once.
    ///
    /// - Parameters:
    ///   - parameters: what the guest asks for. Untrusted, like everything that runs in the sandbox.
    ///   - id: the call's id, which all its frames carry.
    /// - Throws: ``ChannelError`` for parameters that our guest never sends. A request that is merely not allowed gets
    ///   a failure reply instead.
    func open(_ parameters: JSON, id: UInt32) throws(ChannelError) -> any GuestCall
}

/// An open guest-initiated call.
///
/// Both directions use flow-control windows: neither side sends more than the other has granted. Everything except
/// ``serve()`` is called on the thread that reads the channel and must return at once.
package protocol GuestCall: Sendable {
    /// Serves the call to completion and answers it. Called once, on the call's own thread, which it blocks.
    func serve()

    /// Receives bytes from the guest.
    ///
    /// - Throws: ``ChannelError`` if the guest exceeds its window.
    func receive(_ bytes: ArraySlice<UInt8>) throws(ChannelError)

    /// Grants the server `count` more bytes to send to the guest.
    ///
    /// - Throws: ``ChannelError`` if the total would exceed the window.
    func grant(_ count: UInt32) throws(ChannelError)

    /// The guest has sent its last byte.
    func endOfInput()

    /// Cancels the call, because it is no longer wanted or the sandbox is gone. ``serve()`` then returns soon.
    func cancel()
}

/// Why a guest-initiated call failed.
package struct GuestCallError: Error, Sendable, Equatable {
    /// The failure codes, by their names on the channel.
    package enum Code: String, Sendable, CaseIterable {
        /// The request isn't allowed.
        case refused
        /// The target doesn't exist or doesn't answer.
        case unreachable
        /// Too many calls are open.
        case busy
        /// The connection broke while in use.
        case lost
        /// The method is unknown.
        case unsupported
    }

    package let code: Code
    /// What happened, for the user of the sandbox.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The frame that reports the failure to the guest.
    func frame(of call: UInt32) -> Frame {
        Frame(.failure, call: call, ["code": .string(code.rawValue), "message": .string(message)])
    }
}
