/// A request as it came, checked and bounded.
public struct HTTPRequest: Sendable, Equatable {
    /// `GET`, `POST` and so on.
    public let method: String
    /// Path of the target, with its escapes, without the query.
    public let path: String
    /// The query, with its escapes; `nil` where there is no `?`.
    public let query: String?
    /// The fields in order, names in lower case.
    public let headers: [HTTPHeader]
    /// The whole body.
    public let body: [UInt8]

    /// A request.
    public init(method: String, path: String, query: String? = nil, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// The value of the field of this name, which is given in lower case; `nil` where there is none.
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// One field of a message's head.
public struct HTTPHeader: Sendable, Equatable {
    /// The field's name; in lower case in a request.
    public let name: String
    /// The value without blanks around it.
    public let value: String

    /// A field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
