import HTTPServer
import JSON

/// One thing that can be asked of the service.
struct ServiceRoute: Sendable {
    /// Answers with the values of the path's placeholders, without their escapes.
    typealias Answer = @Sendable (HTTPRequest, [String: String]) async throws -> HTTPResponse

    /// `GET`, `POST` or `DELETE`.
    let method: String
    /// With placeholders: `/skills/{name}`. One that stands last may hold slashes where it says so: `{model+}`.
    let path: String
    /// How the API's description has it.
    let description: JSON
    let answer: Answer
}

/// Finds who answers a request.
struct ServiceRouter: Sendable {
    /// In the order in which they are tried.
    let routes: [ServiceRoute]

    /// - Throws: ``ServiceFailure`` for a path that is none, and for a method that a path does not have.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        // The server leaves out the content of what is asked for with HEAD.
        let method = request.method == "HEAD" ? "GET" : request.method
        var allowed: [String] = []
        for route in routes {
            guard let values = Self.values(of: request.path, in: route.path) else { continue }
            if route.method == method { return try await route.answer(request, values) }
            allowed += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
        }
        guard allowed.isEmpty else {
            throw ServiceFailure(
                405, "\(request.path) takes \(allowed.joined(separator: ", ")), not \(request.method).",
                code: "method_not_allowed", headers: [HTTPHeader("Allow", allowed.joined(separator: ", "))])
        }
        throw ServiceFailure(
            404, "There is nothing at \(request.path). GET /openapi.json says what there is.", code: "not_found")
    }

    /// - Returns: the values of the placeholders; `nil` where the path is another one.
    static func values(of path: String, in template: String) -> [String: String]? {
        let wanted = template.split(separator: "/")
        if let last = wanted.last, last.hasSuffix("+}") {
            let prefix = template.dropLast(last.count)
            guard path.hasPrefix(prefix), let rest = HTTPPath.decode(path.dropFirst(prefix.count)), !rest.isEmpty else {
                return nil
            }
            return [String(last.dropFirst().dropLast(2)): rest]
        }
        guard let segments = HTTPPath.segments(of: path), segments.count == wanted.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, wanted) {
            if part.hasPrefix("{") {
                values[String(part.dropFirst().dropLast())] = segment
            } else if part != segment {
                return nil
            }
        }
        return values
    }
}
