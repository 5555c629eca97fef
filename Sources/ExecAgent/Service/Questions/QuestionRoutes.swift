import HTTPServer
import JSON
import MCPClient

/// The routes through which a client answers what tool servers ask the user of its runs.
struct QuestionRoutes: Sendable {
    let pending: PendingQuestions
    let users: RequestUsers

    var all: [ServiceRoute] {
        [
            ServiceRoute(
                method: "GET", path: "/v1/sessions/{user}/questions", description: APIText.questions
            ) { request, values in
                list(of: try user(values, request))
            },
            ServiceRoute(
                method: "POST", path: "/v1/sessions/{user}/questions/{id}", description: APIText.answerQuestion
            ) { request, values in
                try answer(values["id"] ?? "", of: user(values, request), request)
            },
        ]
    }

    private func user(_ values: [String: String], _ request: HTTPRequest) throws -> String {
        try users.user(inPath: values["user"] ?? "", of: request)
    }

    private func list(of user: String) -> HTTPResponse {
        HTTPResponse(json: ["object": "list", "data": .array(pending.open(of: user).map(\.json))])
    }

    private func answer(_ id: String, of user: String, _ request: HTTPRequest) throws -> HTTPResponse {
        try ChatCall.checkType(request)
        // The same error for a question of another user, which says nothing about it.
        let none = APIRequestError(
            404, "There is no open question with this id: it was answered, has expired, or its run has ended.",
            code: "question_not_found")
        guard let entry = pending.open(of: user).first(where: { $0.question.id == id }) else { throw none }
        let answer = try QuestionAnswer.parse(request.body, for: entry.question)
        guard pending.answer(id, of: user, answer) else { throw none }
        return HTTPResponse(json: ["id": .string(id), "object": "question", "answered": true])
    }
}

extension PendingQuestions.Entry {
    fileprivate var json: JSON {
        var object = question.json
        object["object"] = "question"
        object["run"] = .string(run)
        object["created"] = .integer(created)
        object["expires"] = .integer(expires)
        return .object(object)
    }
}
