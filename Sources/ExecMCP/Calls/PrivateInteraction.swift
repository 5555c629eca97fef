import ExecCore
import JSON
import PrivateData
import SystemCalls

/// Asks the person with tokens in place of private values, and puts the values back into the answer.
struct PrivateInteraction: UserInteraction {
    let inner: any UserInteraction
    let vault: PrivateDataVault

    func ask(_ question: UserQuestion) async -> UserAnswer {
        await ask(question, begin: { true }, onAnswer: { _ in })
    }

    func ask(
        _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
        onAnswer: @escaping @Sendable (UserAnswer) async -> Void
    ) async -> UserAnswer {
        if case .url(let url, _) = question.request, holdsValues(url) {
            return .failed(
                "The address that the person should visit holds private data; with a token in it, it leads nowhere.")
        }
        let answer = await inner.ask(
            UserQuestion(
                message: vault.redact(question.message), request: redacted(question.request),
                details: redacted(question.details)),
            begin: begin, onAnswer: { await onAnswer(restored($0)) })
        return restored(answer)
    }

    func visitCompleted(_ id: String) { inner.visitCompleted(id) }

    private func restored(_ answer: UserAnswer) -> UserAnswer {
        guard case .accept(let content) = answer else { return answer }
        return .accept(vault.restore(.object(content)).objectValue ?? content)
    }

    private func redacted(_ request: UserQuestion.Request) -> UserQuestion.Request {
        switch request {
        case .form(let schema): .form(schema: redacted(schema).withoutTextsForNumbers)
        case .url: request
        }
    }

    private func redacted(_ object: JSONObject) -> JSONObject {
        vault.redact(.object(object)).objectValue ?? JSONObject()
    }

    /// Whether a URL holds a value, however it is escaped.
    private func holdsValues(_ url: String) -> Bool {
        if vault.holdsValues(url) { return true }
        guard let bytes = PercentEncoding.decode(url.utf8) else { return false }
        return vault.holdsValues(String(decoding: bytes, as: UTF8.self))
    }
}

extension JSONObject {
    private static let numberMembers = [
        "default", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    ]

    /// The schema of a form without what was a number and became a token: clients refuse such a schema.
    fileprivate var withoutTextsForNumbers: JSONObject {
        guard let properties = self["properties"]?.objectValue else { return self }
        var schema = self
        schema["properties"] = .object(
            properties.reduce(into: JSONObject()) { result, property in
                guard var members = property.value.objectValue,
                    let type = members["type"]?.stringValue, ["integer", "number"].contains(type)
                else { return result[property.key] = property.value }
                for name in Self.numberMembers where members[name]?.stringValue != nil { members[name] = nil }
                result[property.key] = .object(members)
            })
        return schema
    }
}
