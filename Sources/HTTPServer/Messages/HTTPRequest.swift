/// A received request, validated and limited in size.
public struct HTTPRequest: Sendable, Equatable {
    /// The method: `GET`, `POST` and so on.
    public let method: String
    /// The path of the target, still percent-encoded, without the query.
    public let path: String
    /// The query, still percent-encoded; `nil` if there is no `?`.
    public let query: String?
    /// The header fields in order; names are lowercase.
    public let headers: [HTTPHeader]
    /// The whole body.
    public let body: [UInt8]

    /// Creates a request.
    public init(method: String, path: String, query: String? = nil, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// Returns the value of the first field with this name (lowercase), or `nil` if none.
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// One header field of a message.
public struct HTTPHeader: Sendable, Equatable {
    /// The field's name; lowercase in a request.
    public let name: String
    /// The value without surrounding whitespace.
    public let value: String

    /// Creates a field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
