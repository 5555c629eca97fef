import JSON
import MCPClient

/// Parses the members of a server's entry that say how it is reached by a URL.
struct RemoteEntryParser {
    /// Members with headers, and those with members of their own that have `headers`.
    private static let headers = ["headers", "http_headers"]
    private static let requests = ["requestOptions", "requestInit"]
    /// Names of environment variables: by header, and for a bearer token.
    private static let variablesOfHeaders = "env_http_headers"
    private static let variableOfToken = "bearer_token_env_var"

    let members: JSONObject
    let variables: [String: String]
    let expand: (String) throws(ServerConfigurationError) -> String

    /// Returns the URL in the first of `names` that is given.
    ///
    /// - Throws: ``ServerConfigurationError`` without a URL, or if it is invalid.
    func url(_ names: [String]) throws(ServerConfigurationError) -> String {
        let given = names.filter { members[$0]?.stringValue?.isEmpty != true }
        guard let (name, value) = ServerEntryParser.first(given, members) else {
            throw ServerConfigurationError(message: "it lacks url, the address of the server")
        }
        guard let text = value.stringValue else { throw ServerEntryParser.mismatch(name, "a string", value) }
        let url = try expand(text)
        if let fault = HTTPEndpoint.fault(in: url) { throw ServerConfigurationError(message: "\(name) \(fault)") }
        return url
    }

    /// Returns the headers to send.
    ///
    /// - Parameter onWarning: called with each header that is left out.
    /// - Throws: ``ServerConfigurationError`` if one can't be read: without it the server would refuse every request.
    func headers(_ onWarning: (String) -> Void) throws(ServerConfigurationError) -> [String: String] {
        var headers: [String: String] = [:]
        if let variable = members.given(Self.variableOfToken)?.stringValue {
            let value = "Bearer \(try value(ofVariable: variable))"
            if let fault = HTTPEndpoint.fault(inHeader: "Authorization", value: value) {
                throw ServerConfigurationError(message: "the variable \(variable), as a header, \(fault)")
            }
            headers["Authorization"] = value
        }
        for (place, value) in sources {
            guard let listed = value.objectValue else {
                throw ServerEntryParser.mismatch(place, "an object of strings", value)
            }
            for header in listed where header.value != .null {
                guard let text = ServerEntryParser.text(header.value) else {
                    throw ServerEntryParser.mismatch("\(place).\(header.key)", "a string", header.value)
                }
                let value = place == Self.variablesOfHeaders ? try self.value(ofVariable: text) : try expand(text)
                if let fault = HTTPEndpoint.fault(inHeader: header.key, value: value) {
                    onWarning("the header \(header.key) \(fault); it is left out")
                    continue
                }
                if let other = headers.keys.first(where: { $0.lowercased() == header.key.lowercased() }) {
                    headers[other] = nil
                }
                headers[header.key] = value
            }
        }
        return headers
    }

    private var sources: [(place: String, value: JSON)] {
        let nested = Self.requests.compactMap { name in
            members[name]?["headers"].map { (place: "\(name).headers", value: $0) }
        }
        let direct = (Self.headers + [Self.variablesOfHeaders]).compactMap { name in
            members.given(name).map { (place: name, value: $0) }
        }
        return (nested + direct).filter { $0.value != .null }
    }

    private func value(ofVariable name: String) throws(ServerConfigurationError) -> String {
        if let value = variables[name] { return value }
        throw ServerConfigurationError(message: "the environment variable \(name), which it needs, is not set")
    }
}
