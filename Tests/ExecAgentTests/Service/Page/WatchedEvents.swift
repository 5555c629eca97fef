import JSON

/// Events of the page's runs, as a watcher reads them.
struct WatchedEvents {
    let all: [JSON]

    init(_ answer: Answer) {
        all = answer.body.split(separator: "\n\n").compactMap { block in
            block.split(separator: "\n").first { $0.hasPrefix("data: ") }
                .flatMap { try? JSON.parse(Array($0.dropFirst(6).utf8)) }
        }
    }

    var types: [String] { all.compactMap { $0["type"]?.stringValue } }
    var numbers: [Int] { all.compactMap { $0["seq"]?.integerValue } }
    var text: String { all.filter { $0["type"] == "text" }.compactMap { $0["text"]?.stringValue }.joined() }
    var end: JSON? { all.last.flatMap { $0["type"] == "finished" ? $0 : nil } }
}
