import JSON
import OpenAI

/// Makes a conversation shorter that has become longer than its model takes, step by step: first what older tool calls
/// said and returned, then what the last ones returned, and last the oldest exchanges.
struct ContextCut {
    /// What is left out by now.
    enum Step: Int, CaseIterable {
        case olderResults, moreOfThem, lastResults, oldestMessages

        /// Bytes that are left of an older tool's result, or of a text in the arguments of an older call.
        fileprivate var olderLimit: Int { self == .olderResults ? 2000 : 300 }
        /// The same of the last turn's; `nil` for all.
        fileprivate var lastLimit: Int? {
            switch self {
            case .olderResults, .moreOfThem: nil
            case .lastResults: 4000
            case .oldestMessages: 1000
            }
        }
    }

    private var steps = Step.allCases[...]

    /// Takes the next steps until one makes the conversation shorter.
    ///
    /// - Parameter known: how many messages there are from before this run; fewer when some of them are left out.
    /// - Returns: what was left out, in words; `nil` where nothing more can be.
    mutating func shorten(_ messages: inout [ChatMessage], known: inout Int) -> String? {
        while let step = steps.first {
            let cut = Self.cutResults(&messages, step)
            let dropped = step == .oldestMessages ? Self.dropOldest(&messages, known: &known) : 0
            // The oldest go half by half, as long as there are any.
            if dropped == 0 { steps = steps.dropFirst() }
            var parts: [String] = []
            if cut > 0 { parts.append("\(cut) tool result\(cut == 1 ? " was" : "s were") cut") }
            if dropped > 0 { parts.append("\(dropped) of the oldest messages were left out") }
            if !parts.isEmpty { return parts.joined(separator: " and ") }
        }
        return nil
    }

    private static func cutResults(_ messages: inout [ChatMessage], _ step: Step) -> Int {
        let last = messages.lastIndex { $0.role == .assistant } ?? messages.startIndex
        var count = 0
        for place in messages.indices {
            let isOlder = place < last
            guard let limit = isOlder ? step.olderLimit : step.lastLimit else { continue }
            let old = messages[place]
            if old.role == .tool, isLong(old.text, limit) {
                messages[place].content = [.text(Excerpt.of(old.text, limit: limit))]
            }
            // Pictures that tools returned.
            if old.role == .user, place > 0, messages[place - 1].role == .tool {
                messages[place] = old.withoutPictures
            }
            if isOlder {
                messages[place].toolCalls = old.toolCalls.map { shortened($0, limit: limit) }
                messages[place].extra = JSONObject(shortMembersOf: old.extra, limit: limit)
            }
            if messages[place] != old { count += 1 }
        }
        return count
    }

    /// Whether it is worth while to cut a text, which one that is cut already is not.
    private static func isLong(_ text: String, _ limit: Int) -> Bool { text.utf8.count > limit + 300 }

    /// A call whose arguments say long texts, such as the content of a file, in short.
    private static func shortened(_ call: ToolCall, limit: Int) -> ToolCall {
        guard isLong(call.arguments, limit),
            var arguments = (try? JSON.parseModelText(Array(call.arguments.utf8)))?.objectValue
        else { return call }
        for member in arguments {
            if let text = member.value.stringValue, isLong(text, limit) {
                arguments[member.key] = .string(Excerpt.of(text, limit: limit))
            }
        }
        var call = call
        call.arguments = JSON.object(arguments).text
        return call
    }

    /// Leaves out the older half of what was said before this run, up to a message of the user.
    private static func dropOldest(_ messages: inout [ChatMessage], known: inout Int) -> Int {
        let begin = messages.first.map { [.system, .developer].contains($0.role) } == true ? 1 : 0
        // The last of the known messages is what this run is about.
        let starts = messages[..<max(begin, known)].indices.filter { place in
            place > begin && messages[place].role == .user && messages[place - 1].role != .tool
        }
        guard let end = starts.first(where: { $0 - begin >= (known - begin) / 2 }) ?? starts.last else { return 0 }
        messages.removeSubrange(begin..<end)
        known -= end - begin
        return end - begin
    }
}

extension JSONObject {
    /// The members that are not long.
    fileprivate init(shortMembersOf members: JSONObject, limit: Int) {
        self.init()
        for member in members where member.value.serialized().count <= limit { self[member.key] = member.value }
    }
}
