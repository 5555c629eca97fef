public import JSON

/// Writes server-sent events as the API streams them.
public enum EventStream {
    /// The media type of a stream.
    public static let mediaType = "text/event-stream"

    /// The event that ends an answer.
    public static let done = Array("data: [DONE]\n\n".utf8)

    /// An event with a value.
    public static func event(_ value: JSON) -> [UInt8] {
        // A value is written on one line.
        Array("data: ".utf8) + value.serialized() + [0x0A, 0x0A]
    }

    /// A line that readers pass over: a sign of life.
    public static func comment(_ text: String) -> [UInt8] {
        let line = text.utf8.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        return Array(": ".utf8) + line + [0x0A, 0x0A]
    }
}

/// What an event of an answer says.
public enum AnswerEvent: Sendable, Equatable {
    /// The next piece.
    case chunk(ChatChunk)
    /// The answer failed.
    case failure(APIError)
    /// The end.
    case done

    /// Reads the data of an event.
    ///
    /// - Throws: ``FormatError`` where it is none of these.
    public init(parsing data: [UInt8]) throws(FormatError) {
        let words = data.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
        if words.elementsEqual("[DONE]".utf8) {
            self = .done
            return
        }
        let value: JSON
        do throws(JSONParseError) {
            value = try JSON.parseModelText(CharacterHalves.signed(data))
        } catch {
            throw FormatError(field: "", problem: "is not JSON: \(error)")
        }
        if let error = APIError(parsing: value) {
            self = .failure(error)
        } else if value.objectValue?.isEmpty == true {
            // A sign of life, which says nothing.
            self = .chunk(ChatChunk(delta: nil))
        } else {
            self = .chunk(try ChatChunk(parsing: value))
        }
    }
}
