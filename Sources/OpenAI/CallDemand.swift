public import JSON

/// A client's demand for a call of one of its own functions: a `tool_choice` that only a call can satisfy, or the older
/// `function_call`.
///
/// Libraries use this for structured output: the function stands for the type, and is never run.
public struct CallDemand: Sendable, Equatable {
    /// A demand that no call can satisfy.
    public struct UnmetError: Error, Sendable, Equatable {
        /// The request member that makes the demand.
        public let member: String
    }

    /// The candidate functions, one of which must be called. Never empty.
    public let functions: [FunctionTool]
    /// Whether the client named the function itself.
    public let isNamed: Bool
    /// Whether the call is expected as `function_call`, the predecessor of `tool_calls`.
    public let isLegacy: Bool

    /// Parses a request's demand.
    ///
    /// - Parameter parameters: the members of the request.
    /// - Returns: `nil` if the request leaves the choice to the model.
    /// - Throws: ``UnmetError`` if the demanded function isn't one that the request offers.
    public init?(_ parameters: JSONObject) throws(UnmetError) {
        for (member, isLegacy) in [("tool_choice", false), ("function_call", true)] {
            guard let choice = parameters[member], let wish = Wish(choice) else { continue }
            let offered = Self.offered(by: parameters)
            switch wish {
            case .any(nil) where Self.offersNothing(parameters):
                // Some libraries send it with every request. A client that offers no functions expects no call.
                continue
            case .any(let names): functions = offered.filter { names?.contains($0.name) ?? true }
            case .named(let name): functions = offered.filter { $0.name == name }
            case .other: functions = []
            }
            guard !functions.isEmpty else { throw UnmetError(member: member) }
            isNamed = if case .named = wish { true } else { false }
            self.isLegacy = isLegacy
            return
        }
        return nil
    }

    /// The choice that a member expresses.
    private enum Wish {
        /// One of the functions with these names; `nil` for any function.
        case any([String]?)
        case named(String)
        /// Something other than a function.
        case other

        private static let free: Set<String> = ["", "auto", "none"]
        /// The second word is used by other services.
        private static let demanding: Set<String> = ["required", "any"]

        /// Returns a word of the API in its usual form.
        private static func word(_ text: String) -> String {
            text.lowercased().filter { !$0.isWhitespace }
        }

        /// - Returns: `nil` if nothing is demanded.
        init?(_ choice: JSON) {
            if let text = choice.stringValue {
                let word = Self.word(text)
                if Self.free.contains(word) { return nil }
                self = Self.demanding.contains(word) ? .any(nil) : .named(text)
                return
            }
            if choice == .null || choice == false { return nil }
            if choice.objectValue?.isEmpty == true { return nil }
            let type = choice["type"]?.stringValue.map(Self.word)
            if type == "allowed_tools" || choice["allowed_tools"] != nil {
                let allowed = choice["allowed_tools"] ?? choice
                let mode = Self.word(allowed["mode"]?.stringValue ?? "auto")
                if Self.free.contains(mode) { return nil }
                let names = (allowed["tools"]?.arrayValue ?? []).compactMap(CallDemand.name)
                self = Self.demanding.contains(mode) ? .any(names) : .other
            } else if [nil, "function", "tool"].contains(type), let name = CallDemand.name(choice) {
                self = .named(name)
            } else if let type, Self.free.contains(type) {
                return nil
            } else {
                self = type.map { Self.demanding.contains($0) } ?? false ? .any(nil) : .other
            }
        }
    }

    private static func name(_ value: JSON) -> String? {
        value["function"]?["name"]?.stringValue ?? value["name"]?.stringValue
    }

    private static func offersNothing(_ parameters: JSONObject) -> Bool {
        offers.allSatisfy { parameters[$0]?.arrayValue?.isEmpty ?? true }
    }

    private static let offers = ["tools", "functions"]

    /// Returns the functions in a request's `tools` and `functions`. Other kinds of tools are ignored.
    private static func offered(by parameters: JSONObject) -> [FunctionTool] {
        var found: [FunctionTool] = []
        for offer in offers.flatMap({ parameters[$0]?.arrayValue ?? [] }) {
            guard ["function", nil].contains(offer["type"]?.stringValue), let name = name(offer), !name.isEmpty,
                !found.contains(where: { $0.name == name })
            else { continue }
            let function = offer["function"] ?? offer
            let schema = function["parameters"].flatMap { $0.objectValue == nil ? nil : $0 }
            found.append(
                FunctionTool(
                    name: name, description: function["description"]?.stringValue ?? "",
                    parameters: schema ?? ["type": "object", "properties": [:]]))
        }
        return found
    }
}

// MARK: - Finding the call

extension CallDemand {
    /// The member that names the function in the answer if there are several. Not `name`, because an object with that
    /// member may be a call of one of the model's own tools.
    public static let nameMember = "function_name"

    /// Extracts the call from a text: the last object that fits, ignoring surrounding prose and fences; otherwise the
    /// last object.
    ///
    /// - Returns: a call without an id; `nil` if the text contains no object, or none that identifies its function.
    public func call(in text: String) -> ChatToolCall? {
        let calls = AnswerObjects.all(in: text).compactMap { call(of: $0) }
        return (calls.last { $0.fits } ?? calls.last)?.call
    }

    /// Converts a call that the model made: it may mistake a function described in the prompt for a tool it has.
    ///
    /// - Returns: `nil` if it doesn't call a demanded function.
    public func call(_ call: ChatToolCall) -> ChatToolCall? {
        let name = ToolName.meant(by: call.name, among: functions.map(\.name))
        guard functions.contains(where: { $0.name == name }),
            let value = try? JSON.parseModelText(Array(call.arguments.utf8)), value.objectValue != nil
        else { return nil }
        return ChatToolCall(
            id: "", name: name, arguments: AnswerObjects.text(of: value, writtenAs: call.arguments.utf8))
    }

    private func call(of found: AnswerObjects.Found) -> (call: ChatToolCall, fits: Bool)? {
        let object = found.object
        func call(_ name: String, _ arguments: JSONObject, _ text: String) -> (ChatToolCall, Bool) {
            (ChatToolCall(id: "", name: name, arguments: text), CallJSON.fits(arguments, name, functions))
        }
        let fitting = functions.filter { CallJSON.fits(object, $0.name, functions) }
        if fitting.count == 1, functions.count == 1 { return call(fitting[0].name, object, found.text) }
        if let written = object[Self.nameMember]?.stringValue, let arguments = object["arguments"]?.objectValue {
            let name = ToolName.meant(by: written, among: functions.map(\.name))
            return functions.contains { $0.name == name }
                ? call(name, arguments, JSON.object(arguments).text) : nil
        }
        // The complete call, in one of the formats that models use.
        if let calls = CallJSON.calls(of: .object(object), functions, isPlain: false), calls.count == 1 {
            return (calls[0], true)
        }
        if functions.count == 1 { return call(functions[0].name, object, found.text) }
        return fitting.count == 1 ? call(fitting[0].name, object, found.text) : nil
    }
}
