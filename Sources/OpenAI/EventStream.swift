public import JSON

/// Writes server-sent events in the API's streaming format.
public enum EventStream {
    /// The media type of an event stream.
    public static let mediaType = "text/event-stream"

    /// The event that ends an answer.
    public static let done = Array("data: [DONE]\n\n".utf8)

    /// Serializes an event with a JSON value.
    public static func event(_ value: JSON) -> [UInt8] {
        // The value is serialized on a single line.
        Array("data: ".utf8) + value.serialized() + [0x0A, 0x0A]
    }

    /// Serializes an event of the type that its member `type` names.
    public static func typedEvent(_ value: JSONObject) -> [UInt8] {
        let type = (value["type"]?.stringValue ?? "message").utf8.filter { $0 > 0x20 }
        return Array("event: ".utf8) + type + [0x0A] + event(.object(value))
    }

    /// Serializes a comment, which readers ignore: a keep-alive.
    public static func comment(_ text: String) -> [UInt8] {
        let line = text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        return Array(": ".utf8) + line + [0x0A, 0x0A]
    }
}

/// The content of an event in a streamed answer.
public enum AnswerEvent: Sendable, Equatable {
    /// The next chunk.
    case chunk(ChatChunk)
    /// The answer failed.
    case failure(APIError)
    /// The end of the stream.
    case done

    /// Parses an event's data.
    ///
    /// - Throws: ``FormatError`` if it is none of these.
    public init(parsing data: [UInt8]) throws(FormatError) {
        let words = data.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
        if words.elementsEqual("[DONE]".utf8) {
            self = .done
            return
        }
        let value: JSON
        do throws(JSONParseError) {
            value = try AnswerEnvelope.parse(CharacterHalves.signed(data)).value
        } catch {
            throw FormatError(field: "", problem: "is not JSON: \(error)")
        }
        if let error = APIError(parsing: value) {
            self = .failure(error)
        } else if value.objectValue?.isEmpty == true {
            // An empty object is a keep-alive.
            self = .chunk(ChatChunk(delta: nil))
        } else {
            self = .chunk(try ChatChunk(parsing: value))
        }
    }
}
