import JSON

/// Fills in a form's field with typed text.
enum FieldInput {
    /// The text was not understood.
    struct FieldError: Error, Sendable, Equatable {
        let message: String
    }

    private static let maxTitle = 60
    private static let maxOption = 100
    private static let maxDescription = 500
    private static let maxShownOptions = 100

    /// Returns the prompt: the title, and what Enter alone gives.
    static func prompt(for field: FormField) -> String {
        var prompt = RevealedText.line(field.title.prefix(maxTitle))
        if case .boolean = field.kind { prompt += " (y/n)" }
        if let initial = field.initial {
            prompt += " [\(RevealedText.line((initial.stringValue ?? initial.text).prefix(maxTitle)))]"
        } else if !field.isRequired {
            prompt += " [leave out]"
        }
        return prompt + ": "
    }

    /// Returns the description and the options; `nil` for neither.
    static func note(on field: FormField) -> String? {
        var lines: [String] = []
        if let description = field.description {
            lines.append("│ " + RevealedText.line(description.prefix(maxDescription)))
        }
        switch field.kind {
        case .choice(let options): lines += Self.lines(options)
        case .choices(let options, _): lines += Self.lines(options) + ["Type the numbers, separated by commas."]
        default: break
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// Returns the value that a line stands for; `nil` to leave out the field.
    static func value(of line: String, for field: FormField) -> Result<JSON?, FieldError> {
        if line.trimmed.isEmpty {
            if let initial = field.initial { return .success(initial) }
            if !field.isRequired { return .success(nil) }
        }
        let value: JSON?
        switch field.kind {
        case .text: value = .string(line)
        case .number: value = (try? JSON.parse(line.trimmed)).flatMap { $0.numberValue == nil ? nil : $0 }
        case .boolean: value = QuestionDialog.isYes(line, otherwise: nil).map { .bool($0) }
        case .choice(let options): value = option(line, options).map { .string($0) }
        case .choices(let options, _):
            let words = line.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
            let values = words.compactMap { option($0, options) }
            value = values.count == words.count ? .array(values.map { .string($0) }) : nil
        }
        guard let value else { return .failure(FieldError(message: "It \(kindOfValue(of: field)).")) }
        if let problem = field.problem(with: value) { return .failure(FieldError(message: "It \(problem).")) }
        return .success(value)
    }

    private static func kindOfValue(of field: FormField) -> String {
        switch field.kind {
        case .text: "must be a text"
        case .number: "must be a number"
        case .boolean: "must be y or n"
        case .choice: "must be the number of an option"
        case .choices: "must be numbers of options"
        }
    }

    /// Returns the option that a word names, by its number or its value.
    private static func option(_ word: String, _ options: [FormField.Option]) -> String? {
        let word = word.trimmed
        if let exact = options.first(where: { $0.value == word }) { return exact.value }
        guard let number = Int(word), options.indices.contains(number - 1) else { return nil }
        return options[number - 1].value
    }

    private static func lines(_ options: [FormField.Option]) -> [String] {
        let shown = options.prefix(maxShownOptions).enumerated().map { place, option in
            "│ \(place + 1). \(RevealedText.line(option.title.prefix(maxOption)))"
        }
        let more = options.count - shown.count
        return shown + (more > 0 ? ["\(more) more options are not shown."] : [])
    }
}
