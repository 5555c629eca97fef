public import JSON

/// One message of a conversation, as the Chat Completions API has it.
public struct ChatMessage: Sendable, Equatable {
    /// Who speaks.
    public enum Role: String, Sendable, CaseIterable {
        /// Instructions by whoever runs the model.
        case system
        /// The same, in the newer API's word.
        case developer
        case user
        case assistant
        /// The result of a tool call.
        case tool
    }

    /// Who speaks.
    public var role: Role
    /// What is said; empty where an assistant only calls tools.
    public var content: [ContentPart]
    /// The tools that an assistant calls.
    public var toolCalls: [ToolCall]
    /// Which call a tool's message answers; `nil` in all others.
    public var toolCallID: String?
    /// Name of the participant; `nil` for none.
    public var name: String?
    /// Members of an assistant's message that this library does not know, as they came: reasoning, signatures.
    public var extra = JSONObject()
    /// The text as the model wrote it, where it had thoughts between marks in it; `nil` where ``content`` is all.
    public var rawText: String?

    /// A message.
    public init(
        role: Role, content: [ContentPart], toolCalls: [ToolCall] = [], toolCallID: String? = nil, name: String? = nil
    ) {
        self.role = role
        self.content = content
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.name = name
    }

    /// A message of nothing but text.
    public init(role: Role, text: String) {
        self.init(role: role, content: [.text(text)])
    }

    /// What is said in text, pictures left out.
    public var text: String {
        content.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }

    /// What the model thought, where its server says it apart from the answer, else empty.
    public var reasoning: String {
        for key in ["reasoning_content", "reasoning", "thinking"] {
            if let text = extra[key]?.stringValue, !text.isEmpty { return text }
        }
        let details = extra["reasoning_details"]?.arrayValue ?? []
        return details.map { $0["text"]?.stringValue ?? $0["summary"]?.stringValue ?? "" }.joined()
    }
}

/// A piece of a message.
public enum ContentPart: Sendable, Equatable {
    case text(String)
    /// A picture by its address, which may be a `data:` URL.
    case imageURL(String)
}

/// A tool that a model calls.
public struct ToolCall: Sendable, Equatable {
    /// Ties the result to the call.
    public var id: String
    /// The tool's name, which need not exist.
    public var name: String
    /// What the model wrote as arguments. It ought to be a JSON object, and is not always.
    public var arguments: String
    /// Members that this library does not know, as they came; those of the call's `function` under that name.
    public var extra: JSONObject

    /// A call.
    public init(id: String, name: String, arguments: String, extra: JSONObject = JSONObject()) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.extra = extra
    }
}

/// A tool as a model sees it.
public struct FunctionTool: Sendable, Equatable {
    /// Name to call it by.
    public let name: String
    /// What it does.
    public let description: String
    /// JSON Schema of its arguments.
    public let parameters: JSON

    /// A tool.
    public init(name: String, description: String, parameters: JSON) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}
