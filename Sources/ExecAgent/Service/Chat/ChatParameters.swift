import JSON

/// The members of a request that are the model's business.
enum ChatParameters {
    private static let unsupported: [(name: String, reason: String)] = [
        ("functions", "the agent has its own tools, and calls no others"),
        ("function_call", "the agent decides itself which tools it calls"),
        ("logprobs", "an answer may be made of several of the model's"),
        ("top_logprobs", "an answer may be made of several of the model's"),
        ("audio", "answers are text"), ("web_search_options", "the agent has its own tools, and calls no others"),
    ]
    private static let numbers = ["temperature", "top_p", "presence_penalty", "frequency_penalty"]
    private static let counts = ["max_tokens", "max_completion_tokens"]

    /// - Returns: what is passed on to the model.
    static func check(_ all: JSONObject) throws(ServiceFailure) -> JSONObject {
        var passed = all
        for member in all where member.value == .null { passed[member.key] = nil }
        try takeDefaults(&passed)
        for (name, reason) in unsupported where passed[name] != nil { throw .unsupported(name, reason) }
        for name in numbers where passed[name].map({ $0.numberValue == nil }) ?? false {
            throw .wrong(name, "must be a number")
        }
        for name in counts where passed[name].map({ ($0.integerValue ?? 0) < 1 }) ?? false {
            throw .wrong(name, "must be a whole number of at least 1")
        }
        if let seed = passed["seed"], seed.integerValue == nil { throw .wrong("seed", "must be a whole number") }
        if let stop = passed["stop"], stop.stringValue == nil {
            let isList = stop.arrayValue?.allSatisfy { $0.stringValue != nil } ?? false
            guard isList else { throw .wrong("stop", "must be a string or an array of strings") }
        }
        return passed
    }

    /// Takes out what asks for nothing but what is done anyway, and refuses what asks for anything else.
    private static func takeDefaults(_ passed: inout JSONObject) throws(ServiceFailure) {
        let defaults: [(name: String, values: [JSON], reason: String)] = [
            ("n", [1], "there is one answer to a request"),
            ("modalities", [["text"]], "answers are text"),
            ("tool_choice", ["auto", "none"], "the agent decides itself which tools it calls"),
        ]
        for (name, values, reason) in defaults {
            guard let value = passed[name] else { continue }
            guard values.contains(value) else { throw .unsupported(name, reason) }
            passed[name] = nil
        }
        if passed["logprobs"] == false { passed["logprobs"] = nil }
        // Of the client's tools, of which there are none.
        passed["parallel_tool_calls"] = nil
    }
}

extension ServiceFailure {
    static func unsupported(_ name: String, _ reason: String) -> ServiceFailure {
        ServiceFailure(400, "'\(name)' is not supported: \(reason).", param: name, code: "unsupported_parameter")
    }

    fileprivate static func wrong(_ name: String, _ problem: String) -> ServiceFailure {
        ServiceFailure(400, "'\(name)' \(problem).", param: name, code: "invalid_type")
    }
}
