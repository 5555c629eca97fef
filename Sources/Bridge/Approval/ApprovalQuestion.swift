import Diagnostics
import ExecCore
import JSON

/// The question about calls of one tool. What a person reads in it is what runs: each different call is listed, exactly,
/// and what can't be seen is written as an escape.
struct ApprovalQuestion {
    /// How many different calls one question is about at most.
    static let maxDifferent = 40
    /// How many calls one question is about at most.
    static let maxCalls = 500
    /// Length of the listed arguments, all together and at least for each, in characters.
    private static let (maxLength, minLength) = (12_000, 200)
    private static let (nameLength, reasonLength) = (200, 500)
    /// Longest private value, in characters.
    private static let maxValue = 512
    private static let shownDigest = 12

    private let calls: [CallToApprove]
    /// The different arguments, and how many calls have them, in their order.
    private let different: [(call: CallToApprove, count: Int)]

    /// - Parameter calls: at least one; all have the same identity.
    init(_ calls: [CallToApprove]) {
        self.calls = calls
        var different: [(call: CallToApprove, count: Int)] = []
        for call in calls {
            if let place = different.firstIndex(where: { $0.call.argumentDigest == call.argumentDigest }) {
                different[place].count += 1
            } else {
                different.append((call, 1))
            }
        }
        self.different = different
    }

    /// The question for the client.
    var question: UserQuestion {
        UserQuestion(message: message, request: .form(schema: schema), details: details)
    }

    private var first: CallToApprove? { calls.first }
    private var mayLast: Bool { first?.mayLast == true }

    private var message: String {
        guard let first else { return "" }
        let identity = first.identity
        let name = "\(Self.name(identity.server)).\(Self.name(identity.tool))"
        let count = calls.count == 1 ? "" : "\(calls.count) × "
        var lines = [
            "Code in the sandbox wants to call \(count)\(name)", "Server: \(Self.name(identity.server))",
            "Tool: \(Self.name(identity.tool))",
        ]
        let listed = different.map { (text: shown($0.call).text, count: $0.count) }
        if listed.count == 1 {
            lines.append("Arguments\(calls.count == 1 ? "" : " of each"): \(listed[0].text)")
        } else {
            lines.append("Arguments of the \(calls.count) calls:")
            for (number, (text, count)) in listed.enumerated() {
                lines.append("\(number + 1). \(count == 1 ? "" : "\(count) × ")\(text)")
            }
        }
        lines.append("Why you are asked: \(Self.reason(of: first)) (rule: \(Self.name(identity.rule)))")
        if !first.script.isEmpty { lines.append("Script: \(first.script.prefix(Self.shownDigest))") }
        return lines.joined(separator: "\n")
    }

    private static func reason(of call: CallToApprove) -> String {
        let text = call.reason.visible
        return beginning(of: text, reasonLength).map { "\($0)…" } ?? text
    }

    private static func name(_ text: String) -> String {
        beginning(of: text.visible, nameLength).map { "\($0)…" } ?? text.visible
    }

    /// Returns the first Unicode scalars of a text; `nil` if it has no more. A single character can have any number.
    private static func beginning(of text: String, _ length: Int) -> String? {
        guard !text.unicodeScalars.dropFirst(length).isEmpty else { return nil }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
    }

    private var length: Int { max(Self.minLength, Self.maxLength / max(1, different.count)) }

    /// The arguments as they are listed, and whether they are cut.
    private func shown(_ call: CallToApprove) -> (text: String, isCut: Bool) {
        // Before anything that takes time in proportion to their length.
        let bytes = call.argumentText.prefix(4 * (length + Self.maxValue))
        let text = String(decoding: bytes, as: UTF8.self).visible
        let beginning = call.privateData.beginning(of: text, length)
        guard beginning != nil || bytes.count < call.argumentText.count else { return (text, false) }
        return ("\(beginning ?? text)… (cut: \(call.argumentText.count) bytes in all)", true)
    }

    private var schema: JSONObject {
        let choices = ApprovalAnswer.Choice.allCases.filter { $0 != .always || mayLast }
        let decision: JSON = [
            "type": "string", "title": "Decision", "enum": .array(choices.map { .string($0.rawValue) }),
            "enumNames": .array(choices.map { .string($0.title(count: calls.count)) }),
        ]
        return ["type": "object", "properties": ["decision": decision], "required": ["decision"]]
    }

    private var details: JSONObject {
        guard let identity = first?.identity else { return [:] }
        let arguments = different.map { one -> JSON in
            let (text, isCut) = shown(one.call)
            return isCut ? .string(text) : .object(one.call.arguments)
        }
        return [
            "kind": "approval", "server": .string(identity.server), "tool": .string(identity.tool),
            "arguments": .array(arguments), "counts": .array(different.map { .integer($0.count) }),
            "count": .integer(calls.count), "script": .string(first?.script ?? ""), "rule": .string(identity.rule),
            "reason": .string(first.map(Self.reason) ?? ""),
        ]
    }
}
