#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A search over the tools of all servers, ranked by BM25 over names, descriptions and names of parameters.
public struct ToolSearch: Sendable {
    /// A tool that was found.
    public struct Match: Sendable {
        /// The server's name.
        public let server: String
        /// The server's module.
        public let module: String
        /// The tool.
        public let function: ToolFunction
    }

    /// What a search found.
    public struct Result: Sendable {
        /// The best tools, best first.
        public let matches: [Match]
        /// How many tools have at least one of the words.
        public let matched: Int
        /// How many tools were searched.
        public let total: Int
        /// Tools that the query might have meant, if nothing matched or the query looks like a name that no tool has:
        /// `module.function`, at most three.
        public let suggestions: [String]
    }

    private struct Posting {
        let document: Int
        let count: Int
    }

    /// How fast repetitions of a word stop counting, and how much long texts are discounted.
    private static let (saturation, lengthWeight) = (1.5, 0.75)
    private static let (maxWords, maxQueryWords) = (600, 32)
    private static let maxSuggestions = 3

    private let documents: [Match]
    private let lengths: [Double]
    private let averageLength: Double
    private let postings: [String: [Posting]]

    /// An index of these modules' tools.
    public init(_ modules: [ServerModule]) {
        documents = modules.sorted { $0.module.utf8.lexicographicallyPrecedes($1.module.utf8) }.flatMap { module in
            module.functions.map { Match(server: module.server, module: module.module, function: $0) }
        }
        var postings: [String: [Posting]] = [:]
        var lengths: [Double] = []
        for (number, document) in documents.enumerated() {
            let function = document.function
            let names = ([function.name] + function.parameters.prefix(100).map(\.name)).joined(separator: " ")
            let words = SearchWords.words(of: names + " " + function.description, limit: Self.maxWords)
            lengths.append(Double(words.count))
            var counts: [String: Int] = [:]
            for word in words { counts[word, default: 0] += 1 }
            for (word, count) in counts { postings[word, default: []].append(Posting(document: number, count: count)) }
        }
        self.postings = postings
        self.lengths = lengths
        averageLength = max(1, lengths.reduce(0, +) / Double(max(1, lengths.count)))
    }

    /// Searches for tools. A tool whose name is the query comes first.
    ///
    /// - Parameters:
    ///   - query: words, or a name: `git_log`, `git.git_log`, `git__git_log`.
    ///   - server: search only this server, by its name or module.
    ///   - limit: the maximum number of matches returned.
    public func search(_ query: String, server: String? = nil, limit: Int = 10) -> Result {
        let query = String(query.unicodeScalars.prefix(1_000))
        let ranking = rank(query, server: server)
        let total = documents.count { Self.isOf(server, $0) }
        let wanted = Self.plain(query)
        let looksLikeName = wanted.utf8.contains { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
        let needsHelp = ranking.places.isEmpty || looksLikeName && !ranking.isNamed
        return Result(
            matches: ranking.places.prefix(max(0, limit)).map { documents[$0] }, matched: ranking.places.count,
            total: total, suggestions: needsHelp ? suggestions(for: query, server: server) : [])
    }

    /// Returns the documents with at least one word of the query, best first, and whether one has the query as its name.
    private func rank(_ query: String, server: String?) -> (places: [Int], isNamed: Bool) {
        var scores = [Double](repeating: 0, count: documents.count)
        for word in Set(SearchWords.words(of: query, limit: Self.maxQueryWords)).sorted() {
            guard let found = postings[word] else { continue }
            let (all, having) = (Double(documents.count), Double(found.count))
            let weight = log(1 + (all - having + 0.5) / (having + 0.5))
            for posting in found {
                let count = Double(posting.count)
                let length = 1 - Self.lengthWeight + Self.lengthWeight * lengths[posting.document] / averageLength
                scores[posting.document] += weight * count * (Self.saturation + 1) / (count + Self.saturation * length)
            }
        }
        let wanted = Self.plain(query)
        var isNamed = false
        for (place, document) in documents.enumerated() {
            guard Self.isOf(server, document) else {
                scores[place] = 0
                continue
            }
            if Self.names(of: document).contains(wanted) {
                scores[place] = .infinity
                isNamed = true
            }
        }
        // The order of documents decides between equal scores.
        let places = documents.indices.filter { scores[$0] > 0 }
            .sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        return (places, isNamed)
    }

    /// Whether a tool is of the server with this name or module; `nil` for any.
    private static func isOf(_ server: String?, _ match: Match) -> Bool {
        server == nil || match.server == server || match.module == server
    }

    /// Returns the tools whose names are nearest to `name`, as `module.function`, nearest first: at most three, and
    /// none that differs in more than a third of its letters. If there are none, tools with words like those of `name`.
    public func suggestions(for name: String, server: String? = nil) -> [String] {
        let wanted = Self.plain(String(name.unicodeScalars.prefix(1_000)))
        let short = Array(wanted.utf8.suffix(PythonName.maxLength))
        let limit = min(4, max(1, short.count / 3))
        var near: [(distance: Int, place: Int)] = []
        for (place, document) in documents.enumerated() where Self.isOf(server, document) {
            let names = Self.names(of: document)
            let distance = names.compactMap { candidate -> Int? in
                let bytes = Array(candidate.utf8.prefix(200))
                // One name within the other: `log` for `git_log`.
                if short.count >= 3, candidate.hasSuffix("_" + wanted) || candidate.hasPrefix(wanted + "_") { return 1 }
                return EditDistance.between(short, bytes, limit: limit)
            }.min()
            if let distance { near.append((distance, place)) }
        }
        if near.isEmpty { return similar(to: wanted, server: server) }
        near.sort { ($0.distance, $0.place) < ($1.distance, $1.place) }
        // Names that are much further away than the nearest are noise.
        let furthest = (near.first?.distance ?? 0) + 1
        return near.prefix { $0.distance <= furthest }.prefix(Self.maxSuggestions).map { pythonName(of: $0.place) }
    }

    private func pythonName(of place: Int) -> String {
        "\(documents[place].module).\(documents[place].function.python)"
    }

    /// Returns the best tools for the words that are nearest to those of `text`.
    private func similar(to text: String, server: String?) -> [String] {
        let corrected = SearchWords.words(of: text, limit: 4).compactMap(nearestWord(to:))
        let ranking = rank(corrected.joined(separator: " "), server: server)
        return ranking.places.prefix(Self.maxSuggestions).map(pythonName(of:))
    }

    private func nearestWord(to word: String) -> String? {
        let bytes = Array(word.utf8)
        guard bytes.count >= 4 else { return nil }
        let limit = bytes.count < 7 ? 1 : 2
        return postings.keys.compactMap { candidate in
            EditDistance.between(bytes, Array(candidate.utf8), limit: limit).map { ($0, candidate) }
        }.min { $0 < $1 }?.1
    }

    /// Every spelling of a tool's name, in lower case.
    private static func names(of match: Match) -> [String] {
        let (server, module) = (match.server.lowercased(), match.module)
        let (name, python) = (match.function.name.lowercased(), match.function.python.lowercased())
        return [
            name, python, "\(module).\(python)", "\(server).\(name)", "\(server)__\(name)", "\(module)__\(python)",
            "servers.\(module).\(python)",
        ]
    }

    private static func plain(_ name: String) -> String {
        let trimmed = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return (trimmed.hasSuffix("()") ? String(trimmed.dropLast(2)) : trimmed).lowercased()
    }
}
