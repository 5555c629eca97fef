/// How far a process that gets an image has come.
struct ImageProgress: Sendable, Equatable {
    private(set) var phase: ImageNews.Phase?
    /// The step of the build, as `3 of 17`; `nil` if the engine hasn't said.
    private(set) var step: String?
    /// Why there is no image.
    private(set) var failure: String?

    /// Adds what the process has told.
    ///
    /// - Returns: whether ``summary`` has changed.
    mutating func add(_ news: ImageNews) -> Bool {
        let before = summary
        switch news {
        case .phase(let phase): (self.phase, step) = (phase, nil)
        case .output(let text): step = Self.step(in: text) ?? step
        case .failure(let text): failure = text
        }
        return summary != before
    }

    /// What happens, for a sentence about the image.
    var summary: String {
        switch phase {
        case nil, .building: "is being built" + (step.map { ", step \($0)" } ?? "")
        case .waiting: "is being built or downloaded by another server"
        case .pulling: "is being downloaded"
        case .checking: "has been built and is being checked"
        }
    }

    /// The step that a line of a build begins with: `Step 3/17 : RUN …`, or BuildKit's `#8 [build 3/9] RUN …`.
    static func step(in line: String) -> String? {
        let words = line.split(separator: " ", omittingEmptySubsequences: true).prefix(3)
        guard words.count > 1 else { return nil }
        if words[0].lowercased() == "step" { return fraction(words[1]) }
        guard words[0].first == "#", words[1].first == "[" else { return nil }
        return words.dropFirst().lazy.compactMap { word in
            word.last == "]" ? fraction(word.dropLast().drop { $0 == "[" }) : nil
        }.first
    }

    private static func fraction(_ text: Substring) -> String? {
        let parts = text.trimmingBlanks.split(separator: "/").map { Int($0.prefix { $0 != ":" }) }
        guard parts.count == 2, let step = parts[0], let all = parts[1], step <= all else { return nil }
        return "\(step) of \(all)"
    }
}
