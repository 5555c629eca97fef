import HTTPServer
import SystemCalls

/// The parameters in a request's query.
struct PageQuery: Sendable {
    private let values: [String: String]

    /// - Throws: ``APIRequestError`` with status 400.
    init(_ request: HTTPRequest) throws(APIRequestError) {
        var values: [String: String] = [:]
        for part in (request.query ?? "").split(separator: "&").prefix(100) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // As forms encode it.
            let text = (pair.count > 1 ? pair[1] : "").replacing("+", with: "%20")
            guard let name = PercentEncoding.decode(pair[0].utf8).flatMap({ String(validating: $0, as: UTF8.self) }),
                let value = PercentEncoding.decode(text.utf8).flatMap({ String(validating: $0, as: UTF8.self) })
            else {
                throw APIRequestError(400, "The query isn't valid.", code: "invalid_query")
            }
            values[name] = value
        }
        self.values = values
    }

    /// Returns a parameter; `nil` if it is missing or empty.
    func text(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Returns a number that is not negative; `nil` if it is missing.
    ///
    /// - Throws: ``APIRequestError`` with status 400.
    func number(_ name: String) throws(APIRequestError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw APIRequestError(400, "'\(name)' must be a whole number.", param: name, code: "invalid_query")
        }
        return number
    }
}
