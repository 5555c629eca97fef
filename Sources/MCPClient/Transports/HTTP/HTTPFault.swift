import ChildProcess
import JSON
import JSONRPC

/// Why a request got no message in response, in words that say what to do.
enum HTTPFault {
    /// curl's exit codes for which nothing was sent: errors of the request, of names, of connections and of TLS.
    private static let unsent: Set<Int32> = [
        2, 3, 4, 5, 6, 7, 26, 35, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91, 96, 97, 98,
    ]
    /// What curl says of a proxy that opened no connection to the server, with an exit code that means more than that.
    private static let refusedByProxy = "CONNECT tunnel failed"
    private static let timedOut: Int32 = 28
    private static let badCertificate: Int32 = 60
    private static let textLength = 300

    /// Returns the failure of an exchange; `nil` if curl succeeded.
    ///
    /// - Parameters:
    ///   - isConnected: whether a response has begun.
    ///   - origin: the server's address, for people.
    static func error(of end: ChildProcess.End, isConnected: Bool, at origin: String) -> MCPClientError? {
        guard end.status != .exited(0) else { return nil }
        guard case .exited(let code) = end.status else {
            return .unavailable("curl was stopped: \(end.status)", mayHaveHappened: true)
        }
        let said = words(of: end, code) ?? "curl failed with \(end.status)"
        if isConnected {
            return .unavailable("the connection broke off in the response: \(said)", mayHaveHappened: true)
        }
        if code == timedOut {
            return .unavailable("\(origin) did not accept a connection in time: \(said)", mayHaveHappened: false)
        }
        guard unsent.contains(code) || said.hasPrefix(refusedByProxy) else {
            return .unavailable("the connection broke off before the response: \(said)", mayHaveHappened: true)
        }
        // The name is in a certificate, which no other authority would change.
        let isOfOther = said.contains("subject name") || said.contains("host name")
        let hint =
            code == badCertificate && !isOfOther
            ? "; set CURL_CA_BUNDLE or SSL_CERT_FILE for a certificate authority of your own" : ""
        return .unavailable("\(origin) cannot be reached: \(said)\(hint)", mayHaveHappened: false)
    }

    /// Returns the failure that a response with an error status stands for; `nil` for an error that concerns the
    /// request only, see ``requestError(_:_:)``.
    static func error(for head: HTTPAnswerHead, _ content: [UInt8], at url: EndpointURL) -> MCPClientError? {
        switch head.status {
        case 401:
            return .unavailable(
                """
                it requires authorization (\(head.text)): put a valid token into the headers of its entry, such as \
                "Authorization": "Bearer ${TOKEN}", or let npx mcp-remote URL sign in (command npx, args mcp-remote \
                and the URL)
                """, mayHaveHappened: false)
        case 403:
            let text = excerpt(of: content, head)
            return .unavailable(
                "it denies access (\(head.text)\(text)): check the token in the headers of its entry",
                mayHaveHappened: false)
        case 407: return .unavailable("the proxy requires authorization (\(head.text))", mayHaveHappened: false)
        case 429:
            let pause = head.headers["retry-after"].map { "; it asks to wait \($0.beginning(50)) seconds" } ?? ""
            return .unavailable("it refuses further requests for now (\(head.text)\(pause))", mayHaveHappened: false)
        case 300...399:
            let place: String
            switch head.headers["location"].flatMap({ url.redirection(to: $0) }) {
            case .same(let url): place = "another path of \(url.origin)"
            case .other(let address): place = address
            case nil: place = "an invalid location"
            }
            return .unavailable(
                "it redirects to \(place) (\(head.text)), which is not followed: correct the URL of its entry",
                mayHaveHappened: false)
        case 500...: return .unavailable(head.text + excerpt(of: content, head), mayHaveHappened: true)
        default: return nil
        }
    }

    /// Codes of JSON-RPC with which servers say that they don't know a session.
    private static let sessionCodes: Set<Int> = [-32000, -32001, -32600]

    /// Whether a server has rejected a request, unseen, because it does not know the session: a request may be repeated
    /// for this reason alone.
    ///
    /// The status is 404 (2025-03-26, basic/transports), of some servers 400. But an error that answers the very request
    /// comes from who has seen it: it is the answer, unless it is certain that the session is meant.
    static func isLostSession(_ head: HTTPAnswerHead, _ content: [UInt8], of id: RequestID) -> Bool {
        guard [400, 404].contains(head.status) else { return false }
        let text = String(decoding: content.prefix(4096), as: UTF8.self).lowercased()
        let namesSession = text.contains("session")
        guard let message = message(in: content), let error = message["error"].flatMap({ RPCError($0) }),
            RequestID(message["id"] ?? .null) == id
        else { return head.status == 404 || namesSession }
        return namesSession && sessionCodes.contains(error.code)
    }

    /// Returns the error of a request that the server rejects: the one in the response if there is one.
    static func requestError(_ head: HTTPAnswerHead, _ content: [UInt8]) -> RPCError {
        if let error = rpcError(in: content) { return error }
        var message = head.text + excerpt(of: content, head)
        switch head.status {
        case 404: message += ": check the URL of the server's entry"
        case 405:
            message += """
                : check the URL of the server's entry; a server of the older HTTP+SSE transport, which is not \
                supported, needs a command such as npx mcp-remote URL
                """
        default: break
        }
        return .invalidRequest(message)
    }

    /// Returns the error in the body of a response.
    static func rpcError(in content: [UInt8]) -> RPCError? {
        message(in: content)?["error"].flatMap { RPCError($0) }
    }

    private static func message(in content: [UInt8]) -> JSON? {
        isLikeJSON(content) ? try? JSON.parse(content, .lenient, valueLimit: 10_000) : nil
    }

    /// Returns the fault of a successful response without the message that was asked for.
    static func error(in content: [UInt8], _ head: HTTPAnswerHead) -> MCPClientError {
        let start = String(decoding: content.prefix(100), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
        if head.mediaType == "text/html" || start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
            return .unavailable(
                "it answers with a web page, perhaps to sign in: check the URL and the headers of its entry",
                mayHaveHappened: true)
        }
        guard !start.isEmpty else { return .malformed("an HTTP response without a message (\(head.text))") }
        let type = head.mediaType.isEmpty ? "no media type" : "the media type \(head.mediaType.beginning(100))"
        return .malformed("an HTTP response with \(type) that is not the response to the request")
    }

    /// Whether a body may be JSON.
    static func isLikeJSON(_ content: [UInt8]) -> Bool {
        let first = content.first { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// Returns the beginning of a text in an error; empty if it isn't text.
    private static func excerpt(of content: [UInt8], _ head: HTTPAnswerHead) -> String {
        if let error = rpcError(in: content) { return ": \(error.message.beginning(textLength))" }
        guard head.mediaType != "text/html", let text = String(validating: content, as: UTF8.self) else { return "" }
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.isEmpty || words.hasPrefix("<") ? "" : ": \(words.beginning(textLength))"
    }

    /// Returns what curl said in `curl: (7) Failed to connect`; `nil` if nothing.
    private static func words(of end: ChildProcess.End, _ code: Int32) -> String? {
        let lines = String(decoding: end.errorOutput, as: UTF8.self).split(whereSeparator: \.isNewline)
        let prefix = "curl: (\(code)) "
        guard let line = lines.first(where: { $0.hasPrefix(prefix) }) ?? lines.last else { return nil }
        let text = line.hasPrefix(prefix) ? line.dropFirst(prefix.count) : line
        return String(text).beginning(textLength)
    }
}
