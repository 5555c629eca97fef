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
        ("n", [1], "there is one answer to a request"),
        ("modalities", [["text"], [], "text"], "answers are text"),
        ("audio", [], "answers are text"),
        ("logprobs", [false, 0, "false"], "an answer may be made of several of the model's"),
        ("top_logprobs", [0], "an answer may be made of several of the model's"),
    ]
    private static let numbers = ["temperature", "top_p", "presence_penalty", "frequency_penalty"]
    private static let counts = ["max_tokens", "max_completion_tokens"]
    private static let otherNumbers = ["seed", "n", "top_logprobs"]

    /// - Returns: the parameters for the model, the ignored offers, and the call that the answer must be.
    static func check(
        _ all: JSONObject
    ) throws(APIRequestError) -> (passed: JSONObject, passedOver: [String], demand: CallDemand?) {
        var passed = all
        for member in all where member.value == .null || isOfFrontEnd(member.key) { passed[member.key] = nil }
        for name in numbers + counts + otherNumbers { readNumber(name, &passed) }
        let (passedOver, demand) = try takeOffers(&passed)
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
        if let seed = passed["seed"], seed.integerValue == nil { throw .wrong("seed", "must be a whole number") }
        try checkStop(&passed)
        return (passed, passedOver, demand)
    }

    private static func isOfFrontEnd(_ name: String) -> Bool {
        if name.hasSuffix("token_ids") { return false }
        let word = name.lowercased().filter { $0 != "_" && $0 != "-" }
        return ofFrontEnds.contains(name) || name.hasSuffix("_id") || name.hasSuffix("_ids")
            || ["chatid", "sessionid", "messageid", "conversationid", "threadid", "parentmessageid", "userid"]
                .contains(word)
    }

    // MARK: - Tools

    private static func takeOffers(
        _ passed: inout JSONObject
    ) throws(APIRequestError) -> (passedOver: [String], demand: CallDemand?) {
        let demand: CallDemand?
        do throws(CallDemand.Unmet) {
            demand = try CallDemand(passed)
        } catch {
            throw .unsupported(
                error.member,
                "the agent decides itself which tools it calls, and calls none of the client's. Demanded can be a call of"
                    + " a function that is offered in 'tools', which the answer becomes; without a demand, or with 'auto',"
                    + " they are ignored")
        }
        for name in ["tool_choice", "function_call", "parallel_tool_calls"] { passed[name] = nil }
        // The call is the whole answer.
        if demand != nil { passed["response_format"] = nil }
        var passedOver: [String] = []
        for name in offers {
            guard let offer = passed[name] else { continue }
            passed[name] = nil
            let isEmpty = offer.arrayValue?.isEmpty ?? offer.objectValue?.isEmpty ?? false
            if !isEmpty, demand == nil { passedOver.append(name) }
        }
        return (passedOver, demand)
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

    /// Zero or less means no limit, as in many clients and some servers.
    private static func checkCount(_ name: String, _ passed: inout JSONObject) throws(APIRequestError) {
        guard let value = passed[name] else { return }
        guard let count = value.integerValue else {
            throw .wrong(name, "must be a whole number, or 0 or below for no limit")
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
