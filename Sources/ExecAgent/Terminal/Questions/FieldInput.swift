import JSON

/// Fills in a form's field with typed text.
enum FieldInput {
    /// The text was not understood.
    struct FieldError: Error, Sendable, Equatable {
        let message: String
    }

    private static let maxTitle = 60
    private static let maxText = 2000

    /// Returns the prompt: the title, and what Enter alone gives.
    static func prompt(for field: FormField) -> String {
        var prompt = RevealedText.line(field.title, limit: maxTitle)
        if case .boolean = field.kind { prompt += " (y/n)" }
        if let initial = initialText(of: field) {
            prompt += " [\(RevealedText.line(initial, limit: maxTitle))]"
        } else if !field.isRequired {
            prompt += " [leave out]"
        }
        return prompt + ": "
    }

    /// Returns what the prompt has no room for: the whole title, the description, the options.
    static func details(of field: FormField) -> [String] {
        var lines: [String] = []
        if isLong(field.title) { lines.append(RevealedText.line(field.title, limit: maxText)) }
        if let description = field.description { lines.append(RevealedText.line(description, limit: maxText)) }
        switch field.kind {
        case .choice(let options), .choices(let options, _): lines += Self.lines(options)
        default: break
        }
        if let initial = initialText(of: field), isLong(initial) {
            lines.append("Enter gives: \(RevealedText.line(initial))")
        }
        return lines
    }

    /// Returns how to fill in the field; `nil` if that is obvious.
    static func note(on field: FormField) -> String? {
        if case .choices = field.kind { "Type the numbers, separated by commas." } else { nil }
    }

    /// Returns the lines that show what a form sends.
    static func summary(of content: JSONObject, in form: QuestionForm) -> [String] {
        form.fields.compactMap { field in
            guard let value = content[field.name] else { return nil }
            let name = RevealedText.line(JSON.string(field.name).text)
            return "\(name): \(RevealedText.line(value.text))"
        }
    }

    private static func initialText(of field: FormField) -> String? {
        field.initial.map { $0.stringValue ?? $0.text }
    }

    private static func isLong(_ text: String) -> Bool { !text.unicodeScalars.dropFirst(maxTitle).isEmpty }

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

    /// Returns the option that a word names: by its number, as the options are listed, or else by its value.
    private static func option(_ word: String, _ options: [FormField.Option]) -> String? {
        let word = word.trimmed
        if let number = Int(word), options.indices.contains(number - 1) { return options[number - 1].value }
        return options.first { $0.value.utf8.elementsEqual(word.utf8) }?.value
    }

    /// Returns the options with their numbers. Those that would look alike are followed by their values.
    private static func lines(_ options: [FormField.Option]) -> [String] {
        let titles = options.map { RevealedText.line($0.title, limit: maxText) }
        let counts = titles.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return options.enumerated().map { place, option in
            let isAlone = counts[titles[place]] == 1
            let value = isAlone ? "" : " (\(RevealedText.line(JSON.string(option.value).text)))"
            return "\(place + 1). \(titles[place])\(value)"
        }
    }
}
