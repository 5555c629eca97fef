import HTTPServer
import JSON

/// One thing that can be asked of the service.
struct ServiceRoute: Sendable {
    /// Answers with the values of the path's placeholders, without their escapes.
    typealias Answer = @Sendable (HTTPRequest, [String: String]) async throws -> HTTPResponse

    /// `GET`, `POST` or `DELETE`.
    let method: String
    /// With placeholders: `/skills/{name}`. `{user}` may be any text. One that stands last may hold slashes where it says so: `{model+}`.
    let path: String
    /// How the API's description has it.
    let description: JSON
    let answer: Answer
}

/// Finds who answers a request.
struct ServiceRouter: Sendable {
    /// In the order in which they are tried.
    let routes: [ServiceRoute]

    /// - Throws: ``APIRequestError`` for a path that is none, and for a method that a path does not have.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        // The server leaves out the content of what is asked for with HEAD.
        let method = request.method == "HEAD" ? "GET" : request.method
        let path = Self.tidied(request.path)
        var allowed: [String] = []
        for path in [path] + Self.meant(by: path) where allowed.isEmpty {
            for route in routes {
                guard let values = Self.values(of: path, in: route.path) else { continue }
                if route.method == method { return try await route.answer(request, values) }
                allowed += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
            }
        }
        // Says what there is, and to no page of another origin that it may have it.
        if method == "OPTIONS", !allowed.isEmpty {
            return HTTPResponse(
                status: 204, headers: [HTTPHeader("Allow", (allowed + ["OPTIONS"]).joined(separator: ", "))])
        }
        guard allowed.isEmpty else {
            throw APIRequestError(
                405, "\(request.path) takes \(allowed.joined(separator: ", ")), not \(request.method).",
                code: "method_not_allowed", headers: [HTTPHeader("Allow", allowed.joined(separator: ", "))])
        }
        // Who posts something speaks another of OpenAI's APIs, or has the wrong address.
        let advice = method == "POST" ? " Of OpenAI's APIs this is Chat Completions: POST /v1/chat/completions." : ""
        throw APIRequestError(
            404, "There is nothing at \(request.path).\(advice) GET /openapi.json says what there is.",
            code: "not_found")
    }

    /// The path without the slashes that come of putting addresses together: `//v1/models/` is `/v1/models`.
    private static func tidied(_ path: String) -> String {
        guard path.hasPrefix("/") else { return path }
        return "/" + path.split(separator: "/").joined(separator: "/")
    }

    /// What else a path may mean that is none: of OpenAI's addresses `/v1` is left out, or comes twice, where a client is
    /// told the address without it or puts it there itself.
    private static func meant(by path: String) -> [String] {
        var rest = path[...]
        while rest.hasPrefix("/v1/") { rest = rest.dropFirst(3) }
        let isOpenAIs = ["/chat/completions", "/models"].contains { rest == $0 || rest.hasPrefix($0 + "/") }
        return isOpenAIs ? ["/v1" + rest] : []
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
        let given = path.split(separator: "/")
        guard given.count == wanted.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(given, wanted) {
            if part == "{user}" {
                // May be any text, slashes included.
                guard let user = HTTPPath.text(of: segment) else { return nil }
                values["user"] = user
                continue
            }
            if part.hasPrefix("{") {
                guard let name = HTTPPath.name(of: segment) else { return nil }
                values[String(part.dropFirst().dropLast())] = name
            } else if HTTPPath.segments(of: "/\(segment)") != [String(part)] {
                return nil
            }
        }
        return values
    }
}
