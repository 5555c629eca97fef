import JSON
import OpenAI

/// Shortens a conversation that exceeds the model's context, in steps: first the arguments and results of older tool
/// calls, then the latest results, and finally the oldest exchanges.
struct ContextCut {
    /// The steps, from the least to the most drastic.
    enum Step: Int, CaseIterable {
        case olderResults, moreOfThem, lastResults, oldestMessages

        /// Maximum size of an older tool result, or of a text in an older call's arguments, in bytes.
        fileprivate var olderLimit: Int { self == .olderResults ? 2000 : 300 }
        /// The same for the last turn's; `nil` for no limit.
        fileprivate var lastLimit: Int? {
            switch self {
            case .olderResults, .moreOfThem: nil
            case .lastResults: 4000
            case .oldestMessages: 1000
            }
        }
    }

    private var steps = Step.allCases[...]

    /// Applies further steps until one shortens the conversation.
    ///
    /// - Parameter known: the number of messages from before this run, reduced if any of them are dropped.
    /// - Returns: a description of what was omitted; `nil` if nothing more can be.
    mutating func shorten(_ messages: inout [ChatMessage], known: inout Int) -> String? {
        while let step = steps.first {
            let cut = Self.cutResults(&messages, step)
            let dropped = step == .oldestMessages ? Self.dropOldest(&messages, known: &known) : 0
            // The oldest messages are halved repeatedly, until none are left.
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
            // Pictures returned by tools.
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

    /// Whether a text is worth cutting. One that is already cut isn't.
    private static func isLong(_ text: String, _ limit: Int) -> Bool { text.utf8.count > limit + 300 }

    /// Shortens long texts in a call's arguments, such as the contents of a file.
    private static func shortened(_ call: ChatToolCall, limit: Int) -> ChatToolCall {
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

    /// Drops the older half of the messages from before this run, up to a user message.
    private static func dropOldest(_ messages: inout [ChatMessage], known: inout Int) -> Int {
        let begin = messages.first.map { [.system, .developer].contains($0.role) } == true ? 1 : 0
        // The last of the known messages is the one that this run answers.
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
    /// Copies only the members that aren't long.
    fileprivate init(shortMembersOf members: JSONObject, limit: Int) {
        self.init()
        for member in members where member.value.serialized().count <= limit { self[member.key] = member.value }
    }
}
