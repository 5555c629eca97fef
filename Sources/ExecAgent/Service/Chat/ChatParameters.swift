import JSON
import OpenAI

/// Validates the members of a request that concern the model.
///
/// A member is rejected if the client would wait in vain for its effect. It is ignored if it only asks for what
/// happens anyway, makes an offer that nobody has to accept, or says nothing.
enum ChatParameters {
    /// Offers that a model need not use.
    private static let offers = ["tools", "functions", "web_search_options"]
    /// Members that front ends add for their own servers. They mean nothing to a model, and strict endpoints reject
    /// unknown members.
    private static let ofFrontEnds: Set<String> = [
        "id", "metadata", "background_tasks", "features", "variables", "model_item", "tool_servers", "files", "params",
        "title", "task", "source", "object", "created",
    ]
    private static let demands: [(name: String, values: [JSON], reason: String)] = [
        ("n", [1], "a request has one answer"),
        ("modalities", [["text"], [], "text"], "answers are text"),
        ("audio", [], "answers are text"),
        ("logprobs", [false, 0, "false"], "an answer may combine several answers of the model"),
        ("top_logprobs", [0], "an answer may combine several answers of the model"),
    ]
    private static let numbers = ["temperature", "top_p", "presence_penalty", "frequency_penalty"]
    private static let counts = ["max_tokens", "max_completion_tokens"]
    private static let otherNumbers = ["n", "top_logprobs"]

    /// - Returns: the parameters for the model, the ignored offers, and the call that the answer must be.
    static func check(
        _ all: JSONObject
    ) throws(APIRequestError) -> (passed: JSONObject, ignored: [String], demand: CallDemand?) {
        var passed = all
        for member in all where member.value == .null || isOfFrontEnd(member.key) { passed[member.key] = nil }
        for name in numbers + counts + otherNumbers { readNumber(name, &passed) }
        let (ignored, demand) = try parseOffers(&passed)
        for (name, values, reason) in demands {
            guard let value = passed[name] else { continue }
            guard values.contains(value) else { throw .unsupported(name, reason) }
            passed[name] = nil
        }
        for name in numbers where passed[name].map({ $0.numberValue?.isFinite != true }) ?? false {
            throw .wrong(name, "must be a number")
        }
        for name in counts { try checkCount(name, &passed) }
        checkFormat(&passed)
        try readSeed(&passed)
        try checkStop(&passed)
        return (passed, ignored, demand)
    }

    private static func isOfFrontEnd(_ name: String) -> Bool {
        if name.hasSuffix("token_ids") { return false }
        let word = name.lowercased().filter { $0 != "_" && $0 != "-" }
        return ofFrontEnds.contains(name) || name.hasSuffix("_id") || name.hasSuffix("_ids")
            || ["chatid", "sessionid", "messageid", "conversationid", "threadid", "parentmessageid", "userid"]
                .contains(word)
    }

    // MARK: - Tools

    private static func parseOffers(
        _ passed: inout JSONObject
    ) throws(APIRequestError) -> (ignored: [String], demand: CallDemand?) {
        let demand: CallDemand?
        do throws(CallDemand.UnmetError) {
            demand = try CallDemand(passed)
        } catch {
            throw .unsupported(
                error.member,
                "the agent calls its own tools, not the client's. A forced call must be of a function that is offered in"
                    + " 'tools'; the answer then becomes that call. Without a forced call, or with 'auto', they are"
                    + " ignored")
        }
        for name in ["tool_choice", "function_call", "parallel_tool_calls"] { passed[name] = nil }
        // The call is the whole answer.
        if demand != nil { passed["response_format"] = nil }
        var ignored: [String] = []
        for name in offers {
            guard let offer = passed[name] else { continue }
            passed[name] = nil
            let isEmpty = offer.arrayValue?.isEmpty ?? offer.objectValue?.isEmpty ?? false
            if !isEmpty, demand == nil { ignored.append(name) }
        }
        return (ignored, demand)
    }

    // MARK: - Values

    /// Forms and configurations send numbers as strings, and an empty string if no value was chosen. An integer may
    /// arrive as `1.0`.
    private static func readNumber(_ name: String, _ passed: inout JSONObject) {
        if let text = passed[name]?.stringValue {
            if text.allSatisfy(\.isWhitespace) {
                passed[name] = nil
            } else if let number = try? JSON.parse(text), number.numberValue != nil {
                passed[name] = number
            }
        }
        if case .double(let number)? = passed[name], let whole = Int(exactly: number) {
            passed[name] = .integer(whole)
        }
    }

    /// A seed only has to be the same for the same request: a number that isn't a whole one of 64 bits stands for one.
    private static func readSeed(_ passed: inout JSONObject) throws(APIRequestError) {
        readNumber("seed", &passed)
        guard let seed = passed["seed"], seed.integerValue == nil else { return }
        guard seed.numberValue?.isFinite == true else { throw .wrong("seed", "must be a whole number") }
        // FNV-1a, cut to what every endpoint accepts.
        let hash = seed.text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        passed["seed"] = .integer(Int(hash & 0x7FFF_FFFF))
    }

    /// Zero or less means no limit, as in many clients and some servers.
    private static func checkCount(_ name: String, _ passed: inout JSONObject) throws(APIRequestError) {
        guard let value = passed[name] else { return }
        guard let count = value.integerValue else {
            throw .wrong(name, "must be a whole number; 0 or below means no limit")
        }
        if count <= 0 { passed[name] = nil }
    }

    /// Text is the default, and not every endpoint accepts the explicit value.
    private static func checkFormat(_ passed: inout JSONObject) {
        let format = passed["response_format"]
        let type = format?.stringValue ?? format?["type"]?.stringValue
        if type == "text" || type == "" || format == [:] {
            passed["response_format"] = nil
        } else if let name = format?.stringValue {
            passed["response_format"] = ["type": .string(name)]
        }
    }

    private static func checkStop(_ passed: inout JSONObject) throws(APIRequestError) {
        guard let stop = passed["stop"] else { return }
        if stop == "" || stop == [] {
            passed["stop"] = nil
        } else if stop.stringValue == nil {
            let isList = stop.arrayValue?.allSatisfy { $0.stringValue != nil } ?? false
            guard isList else { throw .wrong("stop", "must be a string or an array of strings") }
        }
    }
}

extension APIRequestError {
    static func unsupported(_ name: String, _ reason: String) -> APIRequestError {
        APIRequestError(400, "'\(name)' is not supported: \(reason).", param: name, code: "unsupported_parameter")
    }

    fileprivate static func wrong(_ name: String, _ problem: String) -> APIRequestError {
        APIRequestError(400, "'\(name)' \(problem).", param: name, code: "invalid_type")
    }
}
