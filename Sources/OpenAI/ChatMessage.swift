public import JSON

/// One message of a conversation in the Chat Completions API.
public struct ChatMessage: Sendable, Equatable {
    /// The speaker's role.
    public enum Role: String, Sendable, CaseIterable {
        /// Instructions by the operator of the model.
        case system
        /// The same as `system`, under the newer API's name.
        case developer
        case user
        case assistant
        /// The result of a tool call.
        case tool
    }

    /// The speaker's role.
    public var role: Role
    /// The content; empty if an assistant only calls tools.
    public var content: [ContentPart]
    /// The tool calls in an assistant message.
    public var toolCalls: [ChatToolCall]
    /// The id of the call that a tool message answers; `nil` in all other messages.
    public var toolCallID: String?
    /// The participant's name; `nil` for none.
    public var name: String?
    /// Members of an assistant message that are unknown to this library, unchanged: reasoning, signatures. Under
    /// `content`, the parts of the content that contain reasoning.
    public var extra = JSONObject()
    /// The text as the model wrote it, if it contained thoughts between marks; `nil` if ``content`` is complete.
    public var rawText: String?

    /// Creates a message.
    public init(
        role: Role, content: [ContentPart], toolCalls: [ChatToolCall] = [], toolCallID: String? = nil,
        name: String? = nil
    ) {
        self.role = role
        self.content = content
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.name = name
    }

    /// Creates a message with only text.
    public init(role: Role, text: String) {
        self.init(role: role, content: [.text(text)])
    }

    /// The text of the message, without pictures.
    public var text: String {
        content.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }

    /// The model's reasoning if the server sends it separately from the answer, otherwise empty.
    public var reasoning: String {
        for key in ["reasoning_content", "reasoning", "thinking"] {
            if let text = extra[key]?.stringValue, !text.isEmpty { return text }
        }
        let parts = (extra["content"]?.arrayValue ?? []).flatMap { $0["thinking"]?.arrayValue ?? [] }
        if !parts.isEmpty { return parts.map { $0["text"]?.stringValue ?? "" }.joined() }
        let details = extra["reasoning_details"]?.arrayValue ?? []
        return details.map { $0["text"]?.stringValue ?? $0["summary"]?.stringValue ?? "" }.joined()
    }
}

/// A part of a message.
public enum ContentPart: Sendable, Equatable {
    case text(String)
    /// A picture by URL, which may be a `data:` URL.
    case imageURL(String)
    /// A file.
    case file(AttachedFile)
}

/// A model's call of a tool.
public struct ChatToolCall: Sendable, Equatable {
    /// Associates the result with the call.
    public var id: String
    /// The tool's name, which may be unknown.
    public var name: String
    /// The arguments as the model wrote them: supposed to be a JSON object, but not always one.
    public var arguments: String
    /// Members unknown to this library, unchanged; those of the call's `function` are under that key.
    public var extra: JSONObject

    /// Creates a call.
    public init(id: String, name: String, arguments: String, extra: JSONObject = JSONObject()) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.extra = extra
    }
}

/// A tool's definition as sent to a model.
public struct FunctionTool: Sendable, Equatable {
    /// The tool's name.
    public let name: String
    /// What the tool does, as told to the model.
    public let description: String
    /// JSON Schema of the arguments.
    public let parameters: JSON

    /// Creates a tool definition.
    public init(name: String, description: String, parameters: JSON) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}
