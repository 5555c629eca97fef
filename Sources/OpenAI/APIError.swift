public import JSON

/// An error in the API's format.
public struct APIError: Error, Sendable, Equatable {
    /// Human-readable description.
    public var message: String
    /// The category, such as `invalid_request_error`; `nil` if the server doesn't give one.
    public var type: String?
    /// The request member at fault; `nil` for none.
    public var param: String?
    /// The machine-readable code, such as `context_length_exceeded`; `nil` for none.
    public var code: String?

    /// Creates an error.
    public init(message: String, type: String? = nil, param: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.param = param
        self.code = code
    }

    /// Creates the error for a request that doesn't conform to the API.
    public init(_ error: FormatError) {
        self.init(
            message: error.description, type: "invalid_request_error", param: error.field.isEmpty ? nil : error.field)
    }

    /// The complete response body for this error; in a stream, it takes the place of a chunk.
    public var json: JSON {
        func word(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
        return [
            "error": [
                "message": .string(message), "type": .string(type ?? "api_error"), "param": word(param),
                "code": word(code),
            ]
        ]
    }

    /// Finds the error in a body, in OpenAI's shape or in a variant that other servers use: the error as a string, in
    /// an array, without its envelope, as `detail`, or as a code and a message in place of an answer.
    ///
    /// - Returns: `nil` if the body contains no error.
    public init?(parsing body: JSON) {
        if let first = body.arrayValue?.first {
            self.init(parsing: first)
            return
        }
        let isBare = body["object"]?.stringValue == "error" || body["type"]?.stringValue == "error"
        // Routers report a provider's failure inside the choice.
        let error =
            Self.said(body["error"]) ?? Self.said(body["choices"]?.arrayValue?.first?["error"])
            ?? (isBare || Self.isFailure(body) ? body : Self.said(body["detail"]))
        guard let error else { return nil }
        if let text = error.stringValue {
            self.init(message: text, code: Self.word(body["code"]))
            return
        }
        guard var message = Self.messages.lazy.compactMap({ error[$0]?.stringValue }).first else {
            self.init(message: error.text)
            return
        }
        // The upstream provider's own message, which is more specific.
        if let raw = error["metadata"]?["raw"]?.stringValue, !raw.isEmpty { message += ": \(raw)" }
        self.init(
            message: message, type: Self.word(error["type"]), param: Self.word(error["param"]),
            code: Self.codes.lazy.compactMap { Self.word(error[$0]) }.first)
    }

    private static let messages = ["message", "msg", "error_msg", "errmsg", "error_message", "errorMessage"]
    private static let codes = ["code", "error_code", "errcode", "errorCode", "status_code", "status"]
    private static let successes: Set<String> = ["0", "00000", "200", "ok", "success", "succeeded"]

    /// Whether a body has a message in place of an answer, and no code of success.
    private static func isFailure(_ body: JSON) -> Bool {
        guard ["choices", "object", "usage"].allSatisfy({ body[$0] == nil || body[$0] == .null }),
            messages.contains(where: { body[$0]?.stringValue?.isEmpty == false })
        else { return false }
        let codes = codes.compactMap { word(body[$0]) }
        return !codes.isEmpty && codes.allSatisfy { !successes.contains($0.lowercased()) }
    }

    /// Returns the error if there is one: some servers include the member in every response, with an empty value.
    private static func said(_ error: JSON?) -> JSON? {
        switch error {
        case nil, .null?, .bool(false)?, .string("")?, .object([:])?, .array([])?: nil
        default: error
        }
    }

    /// Some servers send numeric codes.
    private static func word(_ value: JSON?) -> String? {
        value?.stringValue ?? value?.integerValue.map(String.init)
    }
}
