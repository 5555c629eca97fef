public import JSON

/// A client's demand for a call of one of its own functions: a `tool_choice` that only a call can meet, or the older
/// `function_call`.
///
/// Libraries ask for typed answers so: the function stands for the type, and nobody runs it.
public struct CallDemand: Sendable, Equatable {
    /// A demand that no call can meet.
    public struct Unmet: Error, Sendable, Equatable {
        /// The member of the request that says it.
        public let member: String
    }

    /// The functions, of which one is to be called. There is at least one.
    public let functions: [FunctionTool]
    /// Whether the client named the function itself.
    public let isNamed: Bool
    /// Whether the call is to come as `function_call`, which was before there were `tool_calls`.
    public let isLegacy: Bool

    /// Reads what a request demands.
    ///
    /// - Parameter parameters: the members of the request.
    /// - Returns: `nil` for a request that leaves it to the model whether it calls anything.
    /// - Throws: ``Unmet`` where what is demanded is no function that the request offers.
    public init?(_ parameters: JSONObject) throws(Unmet) {
        for (member, isLegacy) in [("tool_choice", false), ("function_call", true)] {
            guard let choice = parameters[member], let wish = Wish(choice) else { continue }
            let offered = Self.offered(by: parameters)
            switch wish {
            case .any(nil) where Self.offersNothing(parameters):
                // Some libraries say it with any request. Who offers nothing waits for no call.
                continue
            case .any(let names): functions = offered.filter { names?.contains($0.name) ?? true }
            case .named(let name): functions = offered.filter { $0.name == name }
            case .other: functions = []
            }
            guard !functions.isEmpty else { throw Unmet(member: member) }
            isNamed = if case .named = wish { true } else { false }
            self.isLegacy = isLegacy
            return
        }
        return nil
    }

    /// What a member that chooses tools says.
    private enum Wish {
        /// A function of these names; `nil` for one of all.
        case any([String]?)
        case named(String)
        /// Something that is no function.
        case other

        private static let free: Set<String> = ["", "auto", "none"]
        /// The second word is what other services say.
        private static let demanding: Set<String> = ["required", "any"]

        /// - Returns: `nil` where nothing is demanded.
        init?(_ choice: JSON) {
            if let word = choice.stringValue {
                if Self.free.contains(word) { return nil }
                self = Self.demanding.contains(word) ? .any(nil) : .named(word)
                return
            }
            if choice.objectValue?.isEmpty == true { return nil }
            let type = choice["type"]?.stringValue
            if type == "allowed_tools" || choice["allowed_tools"] != nil {
                let allowed = choice["allowed_tools"] ?? choice
                let mode = allowed["mode"]?.stringValue ?? "auto"
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

    /// The functions in a request's `tools` and `functions`. Tools of other kinds are none.
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

// MARK: - The call

extension CallDemand {
    /// What names the function in the answer where there is a choice. Not `name`: an object with that may be a call of a
    /// tool that the model has itself.
    public static let nameMember = "function_name"

    /// The call that a text holds: its last object that fits, with prose and fences around it; else the last that there
    /// is.
    ///
    /// - Returns: a call without an id; `nil` where the text holds no object, or none that says which function.
    public func call(in text: String) -> ToolCall? {
        let calls = AnswerObjects.all(in: text).compactMap { call(of: $0) }
        return (calls.last { $0.fits } ?? calls.last)?.call
    }

    /// What a model wrote as a call of a function: it may take one that is described to it for a tool that it has.
    ///
    /// - Returns: `nil` where it is no call of a demanded function.
    public func call(_ call: ToolCall) -> ToolCall? {
        let name = ToolName.meant(by: call.name, among: functions.map(\.name))
        guard functions.contains(where: { $0.name == name }),
            let value = try? JSON.parseModelText(Array(call.arguments.utf8)), value.objectValue != nil
        else { return nil }
        return ToolCall(
            id: "", name: name, arguments: AnswerObjects.text(of: value, writtenAs: call.arguments.utf8))
    }

    private func call(of found: AnswerObjects.Found) -> (call: ToolCall, fits: Bool)? {
        let object = found.object
        func call(_ name: String, _ arguments: JSONObject, _ text: String) -> (ToolCall, Bool) {
            (ToolCall(id: "", name: name, arguments: text), CallJSON.fits(arguments, name, functions))
        }
        let fitting = functions.filter { CallJSON.fits(object, $0.name, functions) }
        if fitting.count == 1, functions.count == 1 { return call(fitting[0].name, object, found.text) }
        if let written = object[Self.nameMember]?.stringValue, let arguments = object["arguments"]?.objectValue {
            let name = ToolName.meant(by: written, among: functions.map(\.name))
            return functions.contains { $0.name == name }
                ? call(name, arguments, JSON.object(arguments).text) : nil
        }
        // The whole call, in one of the ways in which models write them.
        if let calls = CallJSON.calls(of: .object(object), functions, isPlain: false), calls.count == 1 {
            return (calls[0], true)
        }
        if functions.count == 1 { return call(functions[0].name, object, found.text) }
        return fitting.count == 1 ? call(fitting[0].name, object, found.text) : nil
    }
}
