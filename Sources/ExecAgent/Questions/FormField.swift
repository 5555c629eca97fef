import JSON

/// One field of a form. Its texts are untrusted.
struct FormField: Sendable, Equatable {
    /// An option of a selection.
    struct Option: Sendable, Equatable {
        let value: String
        /// The text for people.
        let title: String
    }

    /// What can be filled in.
    enum Kind: Sendable, Equatable {
        /// A text with its length in Unicode scalars.
        case text(ClosedRange<Int>)
        case number(ClosedRange<Double>, isWhole: Bool)
        case boolean
        case choice([Option])
        /// Several options, with how many.
        case choices([Option], ClosedRange<Int>)
    }

    private static let maxOptions = 512

    let name: String
    /// The title for people; the name if none.
    let title: String
    /// `nil` if none.
    let description: String?
    let kind: Kind
    let isRequired: Bool
    /// The value if none is given; `nil` for none, or one that the field doesn't accept.
    private(set) var initial: JSON?

    /// - Returns: `nil` for a schema that no form has.
    init?(name: String, _ schema: JSONObject, isRequired: Bool) {
        guard let kind = Self.kind(of: schema) else { return nil }
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        title = schema["title"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? name
        description = schema["description"]?.stringValue
        initial = schema.given("default")
        if let initial, problem(with: initial) != nil { self.initial = nil }
    }

    /// Returns what is wrong with a value; `nil` if the field accepts it.
    func problem(with value: JSON) -> String? {
        switch kind {
        case .text(let length):
            guard let text = value.stringValue else { return "must be a text" }
            let count = text.unicodeScalars.count
            if count < length.lowerBound { return "must have at least \(length.lowerBound) characters" }
            if count > length.upperBound { return "must have at most \(length.upperBound) characters" }
        case .number(let range, let isWhole):
            guard let number = value.numberValue, number.isFinite else { return "must be a number" }
            if isWhole, number.rounded() != number { return "must be a whole number" }
            if number < range.lowerBound { return "must be at least \(Self.text(range.lowerBound))" }
            if number > range.upperBound { return "must be at most \(Self.text(range.upperBound))" }
        case .boolean:
            if value.boolValue == nil { return "must be true or false" }
        case .choice(let options):
            guard let text = value.stringValue, Self.has(text, options) else { return "must be one of its options" }
        case .choices(let options, let count):
            guard let texts = value.arrayValue?.map(\.stringValue),
                texts.allSatisfy({ $0.map { Self.has($0, options) } ?? false })
            else { return "must be a list of its options" }
            if texts.count < count.lowerBound { return "must have at least \(count.lowerBound) options" }
            if texts.count > count.upperBound { return "must have at most \(count.upperBound) options" }
        }
        return nil
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }

    private static func has(_ text: String, _ options: [Option]) -> Bool {
        options.contains { $0.value.utf8.elementsEqual(text.utf8) }
    }

    private static func kind(of schema: JSONObject) -> Kind? {
        let isSelection = schema.given("enum") != nil || schema.given("oneOf") != nil
        switch schema["type"]?.stringValue {
        case "string" where isSelection, nil where isSelection: return options(of: schema, "oneOf").map { .choice($0) }
        case "string": return range(of: schema, "Length").map { .text($0) }
        case "number", "integer":
            let least = schema["minimum"]?.numberValue ?? -.infinity
            let most = schema["maximum"]?.numberValue ?? .infinity
            guard least <= most else { return nil }
            return .number(least...most, isWhole: schema["type"] == "integer")
        case "boolean": return .boolean
        case "array":
            guard let items = schema["items"]?.objectValue, let options = options(of: items, "anyOf"),
                let count = range(of: schema, "Items")
            else { return nil }
            return .choices(options, count)
        default: return nil
        }
    }

    private static func range(of schema: JSONObject, _ what: String) -> ClosedRange<Int>? {
        let least = max(schema["min\(what)"]?.integerValue ?? 0, 0)
        let most = schema["max\(what)"]?.integerValue ?? Int.max
        return least <= most ? least...most : nil
    }

    /// - Parameter titled: the member that lists the options with titles.
    private static func options(of schema: JSONObject, _ titled: String) -> [Option]? {
        var options: [Option] = []
        if let entries = schema[titled]?.arrayValue {
            options = entries.compactMap { entry in
                entry["const"]?.stringValue.map { Option(value: $0, title: entry["title"]?.stringValue ?? $0) }
            }
            guard options.count == entries.count else { return nil }
        } else if let entries = schema["enum"]?.arrayValue {
            let titles = schema["enumNames"]?.arrayValue?.map(\.stringValue) ?? []
            options = entries.enumerated().compactMap { place, entry in
                let title = titles.count == entries.count ? titles[place] : nil
                return entry.stringValue.map { Option(value: $0, title: title ?? $0) }
            }
            guard options.count == entries.count else { return nil }
        }
        return (1...maxOptions).contains(options.count) ? options : nil
    }
}
