import Diagnostics
import JSON
import OpenAI

/// One turn of a conversation: what the user said, and the run that it started.
struct PageTurn: Sendable, Equatable {
    enum State: String, Sendable {
        case running
        /// The model answered.
        case answered
        /// The answer was cut at the model's token limit.
        case cut
        /// A limit of the run was reached.
        case limit
        case stopped
        case failed
    }

    /// Why a run failed or was stopped.
    struct Failure: Sendable, Equatable {
        let message: String
        let code: String

        var json: JSON { ["message": .string(message), "code": .string(code)] }
    }

    /// A file that accompanies a message.
    struct Attachment: Sendable, Equatable {
        let name: String
        /// The path in the sandbox.
        let path: String
        /// The size in bytes; `nil` if unknown.
        let size: Int?

        var json: JSON {
            var object: JSONObject = ["name": .string(name), "path": .string(path)]
            object["size"] = size.map(JSON.integer)
            return .object(object)
        }
    }

    let index: Int
    let runID: String
    let text: String
    let attachments: [Attachment]
    /// Seconds since 1970.
    let created: Double
    var state = State.running
    var failure: Failure?
    var events: [JSONObject] = []
    /// The number of events that were dropped.
    var omittedEvents = 0
    /// The tokens of the run; `nil` if unknown.
    var usage: JSON?
    var seconds = 0.0
    /// What the run added to the conversation, for the model.
    var messages: [ChatMessage] = []

    /// The user's message, for the model.
    var message: ChatMessage {
        guard !attachments.isEmpty else { return ChatMessage(role: .user, text: text) }
        let list = attachments.map { file in
            "- \(file.path)" + (file.size.map { " (\($0.counted("byte")))" } ?? "")
        }
        let note = "Files for this message, in the sandbox:\n\(list.joined(separator: "\n"))"
        return ChatMessage(role: .user, text: text.isEmpty ? note : "\(text)\n\n\(note)")
    }

    /// The turn as the page gets it.
    var json: JSON { .object(members) }

    private var members: JSONObject {
        var object: JSONObject = [
            "index": .integer(index), "run_id": .string(runID), "text": .string(text),
            "attachments": .array(attachments.map(\.json)), "created": .string(PageTime.text(created)),
            "state": .string(state.rawValue),
        ]
        object["error"] = failure?.json
        object["events"] = .array(events.map(JSON.object))
        object["events_omitted"] = omittedEvents > 0 ? .integer(omittedEvents) : nil
        object["usage"] = usage
        object["seconds"] = .double((seconds * 1000).rounded() / 1000)
        return object
    }

    /// The event that says how the turn ended.
    var finished: JSONObject {
        var event: JSONObject = ["type": "finished", "state": .string(state.rawValue)]
        event["error"] = failure?.json
        event["usage"] = usage
        event["seconds"] = .double((seconds * 1000).rounded() / 1000)
        return event
    }

    /// The turn as a file has it.
    var record: JSON {
        var object = members
        object["created"] = .double(created)
        object["messages"] = .array(messages.map(\.json))
        return .object(object)
    }

    /// Reads a turn from a file; `nil` if it isn't valid.
    init?(record: JSON) {
        guard let index = record["index"]?.integerValue, let runID = record["run_id"]?.stringValue,
            let text = record["text"]?.stringValue, let created = record["created"]?.numberValue,
            let state = record["state"]?.stringValue.flatMap(State.init(rawValue:))
        else { return nil }
        let attachments = (record["attachments"]?.arrayValue ?? []).compactMap { file -> Attachment? in
            guard let name = file["name"]?.stringValue, let path = file["path"]?.stringValue else { return nil }
            return Attachment(name: name, path: path, size: file["size"]?.integerValue)
        }
        self.init(index: index, runID: runID, text: text, attachments: attachments, created: created)
        self.state = state
        if let error = record["error"], let message = error["message"]?.stringValue {
            failure = Failure(message: message, code: error["code"]?.stringValue ?? "failed")
        }
        events = (record["events"]?.arrayValue ?? []).compactMap(\.objectValue)
        omittedEvents = record["events_omitted"]?.integerValue ?? 0
        usage = record["usage"]
        seconds = record["seconds"]?.numberValue ?? 0
        if let messages = record["messages"], messages.arrayValue?.isEmpty == false {
            self.messages = (try? ClientRequest(parsing: ["messages": messages]).messages) ?? []
        }
    }

    init(index: Int, runID: String, text: String, attachments: [Attachment], created: Double) {
        self.index = index
        self.runID = runID
        self.text = text
        self.attachments = attachments
        self.created = created
    }
}

extension PageTurn {
    /// Maximum total size of the events of a finished turn, in bytes.
    private static let maxEventBytes = 2 << 20

    /// Keeps the events of a run: texts that follow each other are joined, progress is left out.
    mutating func keep(_ all: [JSONObject]) {
        let joined = RunEvents.joined(all)
        var bytes = 0
        let kept = joined.reversed().prefix { event in
            bytes += JSON.object(event).serialized().count
            return bytes <= Self.maxEventBytes
        }
        events = kept.reversed()
        omittedEvents = joined.count - kept.count
    }

    /// The size in bytes of what ``dropDetails()`` keeps: the texts of both sides, and the attachments.
    var saidBytes: Int {
        let answers = messages.reduce(0) { $0 + ($1.role == .assistant ? $1.text.utf8.count : 0) }
        return attachments.reduce(text.utf8.count + answers) { $0 + $1.name.utf8.count + $1.path.utf8.count }
    }

    /// Drops what takes the most room.
    ///
    /// - Returns: whether there was something to drop.
    mutating func dropDetails() -> Bool {
        guard events.isEmpty else {
            omittedEvents += events.count
            events = []
            return true
        }
        guard messages.count > 1 || !messages.allSatisfy({ $0.toolCalls.isEmpty && $0.role == .assistant }) else {
            return false
        }
        // What was said stays.
        let said = messages.filter { $0.role == .assistant }.map(\.text).joined(separator: "\n\n")
        messages = said.isEmpty ? [] : [ChatMessage(role: .assistant, text: said)]
        return true
    }

    /// Drops the pictures that tools returned.
    mutating func dropPictures() {
        messages = messages.map { message in
            var message = message
            message.content = message.content.map { part in
                if case .imageURL = part { .text("[The picture is not in the conversation any more.]") } else { part }
            }
            return message
        }
    }
}
