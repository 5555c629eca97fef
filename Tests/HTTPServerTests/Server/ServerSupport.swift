import HTTPServer

/// Starts a server at a free port of this machine, and stops it after `body`.
func withServer(
    _ options: HTTPServerOptions = HTTPServerOptions(), handler: @escaping HTTPServer.Handler,
    _ body: (Int) async throws -> Void
) async throws {
    let server = try await HTTPServer.start(host: "127.0.0.1", port: 0, options: options, handler: handler)
    do {
        try await body(server.port)
    } catch {
        await server.stop(graceSeconds: 0)
        throw error
    }
    await server.stop(graceSeconds: 0)
}

/// Answers with what was asked for.
let echo: HTTPServer.Handler = { request, _ in
    HTTPResponse(text: "\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
}

func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPServerOptions {
    var options = HTTPServerOptions()
    change(&options.limits)
    return options
}

func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
}

let last = "Connection: close\r\n"

extension String {
    func occurrences(of text: String) -> Int { ranges(of: text).count }
    var status: Int? { split(separator: " ").dropFirst().first.flatMap { Int($0) } }
}
