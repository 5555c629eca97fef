public import JSON

/// An error as the API says it.
public struct APIError: Error, Sendable, Equatable {
    /// For a person to read.
    public var message: String
    /// What kind of error: `invalid_request_error`; `nil` where the server does not say.
    public var type: String?
    /// The member of the request at fault; `nil` for none.
    public var param: String?
    /// What a program tells errors apart by: `context_length_exceeded`; `nil` for none.
    public var code: String?

    /// An error.
    public init(message: String, type: String? = nil, param: String? = nil, code: String? = nil) {
        self.message = message
        self.type = type
        self.param = param
        self.code = code
    }

    /// The error of a request that is not what the API asks for.
    public init(_ error: FormatError) {
        self.init(
            message: error.description, type: "invalid_request_error", param: error.field.isEmpty ? nil : error.field)
    }

    /// The whole body of an answer that says this error; also what stands for a chunk in a stream.
    public var json: JSON {
        func word(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
        return [
            "error": [
                "message": .string(message), "type": .string(type ?? "api_error"), "param": word(param),
                "code": word(code),
            ]
        ]
    }

    /// Finds the error that a body says, in OpenAI's shape or in one of those that other servers have: the error as a
    /// text, in a list, without its envelope, or as `detail`.
    ///
    /// - Returns: `nil` where the body says none.
    public init?(parsing body: JSON) {
        if let first = body.arrayValue?.first {
            self.init(parsing: first)
            return
        }
        let isBare = body["object"]?.stringValue == "error" || body["type"]?.stringValue == "error"
        // Providers behind a router fail in their choice of the answer.
        let error =
            Self.said(body["error"]) ?? Self.said(body["choices"]?.arrayValue?.first?["error"])
            ?? (isBare ? body : Self.said(body["detail"]))
        guard let error else { return nil }
        if let text = error.stringValue {
            self.init(message: text, code: Self.word(body["code"]))
            return
        }
        guard var message = error["message"]?.stringValue ?? error["msg"]?.stringValue else {
            self.init(message: error.text)
            return
        }
        // What the provider behind a router said, which tells more.
        if let raw = error["metadata"]?["raw"]?.stringValue, !raw.isEmpty { message += ": \(raw)" }
        self.init(
            message: message, type: Self.word(error["type"]), param: Self.word(error["param"]),
            code: Self.word(error["code"]))
    }

    /// The error, where there is one: some servers write the member with each answer.
    private static func said(_ error: JSON?) -> JSON? {
        switch error {
        case nil, .null?, .bool(false)?, .string("")?, .object([:])?, .array([])?: nil
        default: error
        }
    }

    /// Codes are numbers at some servers.
    private static func word(_ value: JSON?) -> String? {
        value?.stringValue ?? value?.integerValue.map(String.init)
    }
}
