import HTTPServer
import JSON

/// A route of the service.
struct ServiceRoute: Sendable {
    /// Handles a request, given the decoded values of the path's placeholders.
    typealias Answer = @Sendable (HTTPRequest, [String: String]) async throws -> HTTPResponse

    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    let method: String
    /// The path with placeholders: `/skills/{name}`. `{user}` may be any text. A last placeholder marked with `+`,
    /// such as `{model+}`, may contain slashes.
    let path: String
    /// The route's OpenAPI operation.
    let description: JSON
    let answer: Answer
}

/// Finds the route that handles a request.
struct ServiceRouter: Sendable {
    /// In the order in which they are tried.
    let routes: [ServiceRoute]

    /// - Parameter onRoute: called with the path of the route that the request is for, before it is answered.
    /// - Throws: ``APIRequestError`` for an unknown path, and for a method that a path does not support.
    func answer(_ request: HTTPRequest, onRoute: (String) -> Void = { _ in }) async throws -> HTTPResponse {
        // The HTTP server omits the content of a response to HEAD.
        let method = request.method == "HEAD" ? "GET" : request.method
        let path = Self.tidied(request.path)
        var allowed: [String] = []
        for path in [path] + Self.meant(by: path) where allowed.isEmpty {
            for route in routes {
                guard let values = Self.values(of: path, in: route.path) else { continue }
                onRoute(route.path)
                if route.method == method { return try await route.answer(request, values) }
                allowed += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
            }
        }
        // Lists the methods, without granting access to pages of other origins (CORS).
        if method == "OPTIONS", !allowed.isEmpty {
            return HTTPResponse(
                status: 204, headers: [HTTPHeader("Allow", (allowed + ["OPTIONS"]).joined(separator: ", "))])
        }
        guard allowed.isEmpty else {
            throw APIRequestError(
                405, "\(request.path) accepts \(allowed.joined(separator: ", ")), not \(request.method).",
                code: "method_not_allowed", headers: [HTTPHeader("Allow", allowed.joined(separator: ", "))])
        }
        // A POST to an unknown path uses another of OpenAI's APIs or a wrong URL.
        let advice =
            method == "POST"
            ? " The APIs here are POST /v1/chat/completions, /v1/responses, /v1/completions and /v1/files." : ""
        if method == "POST", Self.isOfOpenAI(path) {
            // With 404, gateways take the whole service for broken, and send it no chats either.
            throw APIRequestError(
                405, "\(request.path) is not served here.\(advice)", code: "unknown_url",
                headers: [HTTPHeader("Allow", "")])
        }
        throw APIRequestError(
            404, "There is nothing at \(request.path).\(advice) GET /openapi.json lists the API.",
            code: "not_found")
    }

    /// Removes the duplicate and trailing slashes of joined URLs: `//v1/models/` becomes `/v1/models`.
    private static func tidied(_ path: String) -> String {
        guard path.hasPrefix("/") else { return path }
        return "/" + path.split(separator: "/").joined(separator: "/")
    }

    /// Returns alternatives for an unknown path: clients omit or double the `/v1` of OpenAI's paths, depending on
    /// whether their base URL includes it.
    private static func meant(by path: String) -> [String] {
        var rest = path[...]
        while rest.hasPrefix("/v1/") { rest = rest.dropFirst(3) }
        let isOpenAIs = ["/chat/completions", "/models", "/responses", "/completions", "/files"].contains {
            rest == $0 || rest.hasPrefix($0 + "/")
        }
        return isOpenAIs ? ["/v1" + rest] : []
    }

    /// Whether a path is of an OpenAI API that isn't served.
    private static func isOfOpenAI(_ path: String) -> Bool {
        var rest = path[...]
        while rest.hasPrefix("/v1/") { rest = rest.dropFirst(3) }
        return [
            "/responses", "/completions", "/embeddings", "/moderations", "/images", "/audio", "/rerank", "/messages",
            "/realtime", "/files", "/batches", "/assistants", "/threads", "/vector_stores", "/fine_tuning",
        ].contains { rest == $0 || rest.hasPrefix($0 + "/") }
    }

    /// - Returns: the values of the placeholders; `nil` if the path does not match.
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
