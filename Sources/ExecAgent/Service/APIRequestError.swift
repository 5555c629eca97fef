import HTTPServer
import JSON
import MCPServers
import OpenAI

/// A failed API request: a status, and an error in OpenAI's format.
struct APIRequestError: Error, Sendable, Equatable {
    let status: Int
    let error: APIError
    /// Seconds after which a retry is worthwhile; `nil` if unknown.
    var retryAfter: Int?
    /// Whether the same request may succeed later; `nil` leaves it to the client. OpenAI's own libraries retry every
    /// 5xx twice unless told not to, and a run is expensive.
    var mayRetry: Bool?
    var headers: [HTTPHeader] = []

    init(
        _ status: Int, _ message: String, type: String = "invalid_request_error", param: String? = nil,
        code: String? = nil, retryAfter: Int? = nil, mayRetry: Bool? = nil, headers: [HTTPHeader] = []
    ) {
        self.status = status
        error = APIError(message: message, type: type, param: param, code: code)
        self.retryAfter = retryAfter
        self.mayRetry = mayRetry
        self.headers = headers
    }

    /// Creates the error for an invalid request body.
    init(_ format: FormatError) {
        status = 400
        error = APIError(format)
    }

    var response: HTTPResponse {
        var response = HTTPResponse(status: status, json: error.json)
        response.headers += headers
        if let retryAfter { response.headers.append(HTTPHeader("Retry-After", String(retryAfter))) }
        if let mayRetry { response.headers.append(HTTPHeader("X-Should-Retry", mayRetry ? "true" : "false")) }
        return response
    }
}

extension APIRequestError {
    /// Creates the error that a client gets for a failed run.
    ///
    /// - Parameter namedModel: whether the client chose the model, and so can choose another.
    init(_ failure: any Error, namedModel: Bool) {
        switch failure {
        case let failure as APIRequestError: self = failure
        case let failure as ModelError: self.init(failure, namedModel: namedModel)
        case let failure as ToolServerError:
            self.init(502, failure.message, type: "api_error", code: "tool_server_error")
        default:
            self.init(500, "The run failed: \(failure)", type: "server_error", code: "internal_error")
        }
    }

    private init(_ failure: ModelError, namedModel: Bool) {
        // The key, the endpoint and the budget belong to the operator: the client cannot fix them.
        func upstream(_ status: Int, _ code: String, mayRetry: Bool? = nil) -> APIRequestError {
            APIRequestError(status, failure.message, type: "api_error", code: code, mayRetry: mayRetry)
        }
        switch failure.kind {
        case .unreachable: self = upstream(502, "upstream_unreachable")
        case .unauthorized: self = upstream(502, "upstream_unauthorized", mayRetry: false)
        case .notFound where namedModel:
            self.init(404, failure.message, param: "model", code: "model_not_found")
        case .notFound: self = upstream(502, "upstream_not_found", mayRetry: false)
        case .contextTooLong:
            self.init(400, failure.message, param: "messages", code: "context_length_exceeded")
        case .rateLimited:
            self.init(
                429, failure.message, type: "rate_limit_error", code: "upstream_rate_limited", retryAfter: 30,
                mayRetry: false)
        case .refused: self.init(400, failure.message, code: "upstream_refused")
        case .unavailable: self = upstream(502, "upstream_unavailable", mayRetry: false)
        case .malformed: self = upstream(502, "upstream_malformed", mayRetry: false)
        case .silent: self = upstream(504, "upstream_silent", mayRetry: false)
        }
    }

    /// Creates the error for a request that the HTTP server itself rejects.
    init(_ refusal: HTTPError) {
        let codes = [
            408: "request_timeout", 413: "request_too_large", 414: "target_too_long", 431: "head_too_large",
            503: "service_busy",
        ]
        self.init(
            refusal.status, refusal.reason, type: refusal.status < 500 ? "invalid_request_error" : "server_error",
            code: codes[refusal.status] ?? "bad_request", retryAfter: refusal.retryAfter)
    }
}

extension HTTPResponse {
    /// Creates a JSON response.
    init(status: Int = 200, json: JSON) {
        self.init(
            status: status, headers: [HTTPHeader("Content-Type", "application/json")],
            body: .bytes(json.serialized() + [0x0A]))
    }
}
