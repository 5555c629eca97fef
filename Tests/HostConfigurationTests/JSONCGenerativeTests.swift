import JSON
import TestSupport
import Testing

@testable import HostConfiguration

/// For any text: what is read afterwards is what was there plus the entry, and no byte of the old text is lost.
@Suite struct JSONCGenerativeTests {
    private static let entry: JSON = ["command": "/a \"b\"\\ü", "args": ["--user", "x"], "env": [:]]
    private static let other: JSON = ["command": "/other"]

    @Test(arguments: UInt64(1)...40)
    func addsAndReplacesAndKeepsTheRest(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            var writer = LooseWriter(random: random)
            let text = writer.document()
            random = writer.random
            let bytes = Array(text.utf8)
            let old = try #require(Self.strict(bytes)?.objectValue, "\(text)")
            let added = try JSONCEditor(bytes).set(Self.entry, named: "exec", in: "servers")

            #expect(added.change == .added)
            #expect(Self.strict(added.bytes) == Self.with(Self.entry, in: old), "\(text)\n----\n\(added.text)")
            #expect(Self.isSubsequence(bytes, of: added.bytes), "\(text)\n----\n\(added.text)")
            #expect(Self.comments(added.bytes) == Self.comments(bytes))
            #expect(try JSONCEditor(added.bytes).set(Self.entry, named: "exec", in: "servers").change == .none)

            let replaced = try JSONCEditor(added.bytes).set(Self.other, named: "exec", in: "servers")
            #expect(replaced.change == .replaced)
            #expect(Self.strict(replaced.bytes) == Self.with(Self.other, in: old))
            #expect(Self.isSubsequence(bytes, of: replaced.bytes))
            // Back again: nothing but the value has moved.
            #expect(
                try JSONCEditor(replaced.bytes).set(Self.entry, named: "exec", in: "servers")
                    == EditedText(added.bytes, [], .replaced))
        }
    }

    @Test(arguments: UInt64(1)...40)
    func neverFailsInAnyOtherWayThanBySayingSo(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let pieces = [
                "{", "}", "[", "]", ",", ":", "\"", "\\", "//", "/*", "*/", "\n", "\r", "\"servers\"", "\"exec\"", "1",
            ]
            let text = random.row(0...20, of: pieces).joined()
            guard let edited = try? JSONCEditor(Array(text.utf8)).set(Self.entry, named: "exec", in: "servers") else {
                continue
            }
            #expect(Self.strict(edited.bytes)?["servers"]?["exec"] == Self.entry, "\(text)")
        }
    }

    private static func with(_ entry: JSON, in old: JSONObject) -> JSON {
        var new = old
        var servers = old["servers"]?.objectValue ?? [:]
        servers["exec"] = entry
        new["servers"] = .object(servers)
        return .object(new)
    }

    private static func isSubsequence(_ old: [UInt8], of new: [UInt8]) -> Bool {
        var rest = old[...]
        for byte in new where byte == rest.first { rest = rest.dropFirst() }
        return rest.isEmpty
    }

    /// What JSON makes of a text when comments and trailing commas are taken out, in a way of its own.
    private static func strict(_ bytes: [UInt8]) -> JSON? {
        let text = String(decoding: bytes, as: UTF8.self).drop { $0 == "\u{FEFF}" }
        let bare = text.replacing(/("(?:[^"\\\r\n]|\\.)*")|\/\/[^\r\n]*|\/\*(?:[^*]|\*(?!\/))*\*\//) { $0.1 ?? "" }
        let tight = bare.replacing(/("(?:[^"\\]|\\.)*")|,\s*(?=[}\]])/) { $0.1 ?? "" }
        return try? JSON.parse(String(tight))
    }

    private static func comments(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self)
            .matches(of: /"(?:[^"\\\r\n]|\\.)*"|(\/\/[^\r\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)/)
            .compactMap { $0.1.map(String.init) }
    }
}

/// Writes objects as no tool would, and some people do.
private struct LooseWriter {
    var random: SplitMix64
    private var newline = "\n"

    init(random: SplitMix64) {
        self.random = random
    }

    mutating func document() -> String {
        newline = random.pick(["\n", "\r\n", "\r"])
        var names = random.row(0...4, of: ["a", "b", "exec", "other", "c d"])
        names = names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        if Bool.random(using: &random) {
            names.insert("servers", at: Int.random(in: 0...names.count, using: &random))
        }
        let start = random.pick(["", "", "\u{FEFF}", "// head { \"servers\"" + newline, newline])
        return start + object(names, depth: 0) + random.pick(["", newline, " // tail }" + newline])
    }

    private mutating func object(_ names: [String], depth: Int) -> String {
        if names.isEmpty { return random.pick(["{}", "{" + comment() + newline + "}", "{" + newline + "\t}"]) }
        let style = random.pick([newline + indentation(depth + 1), newline, " ", ""])
        var text = "{"
        for (place, name) in names.enumerated() {
            text += style + filler() + "\"\(name)\"" + random.pick(["", " "]) + ":" + random.pick([" ", "", "  "])
            text += name == "servers" && depth == 0 ? servers() : value(depth: depth + 1)
            let isLast = place == names.count - 1
            text += filler() + (isLast ? random.pick(["", ","]) : ",") + filler()
        }
        return text + random.pick([newline + indentation(depth), newline, ""]) + "}"
    }

    private mutating func servers() -> String {
        object(Array(["x", "y", "z"].prefix(Int.random(in: 0...3, using: &random))), depth: 1)
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth < 3 ? 6 : 4), using: &random) {
        case 0: random.pick(["1", "-2.5e3", "true", "null"])
        case 1: #""\"servers\": {\"exec\": {}} // no /* comment""#
        case 2: "[1," + newline + filler() + "\"exec\"" + random.pick(["", ","]) + "]"
        case 3: "{}"
        default: object(random.pick([["exec"], ["servers", "exec"], ["p", "q"]]), depth: depth)
        }
    }

    private mutating func filler() -> String {
        random.pick(["", "", "", " ", comment()])
    }

    private mutating func comment() -> String {
        random.pick([
            "// \"exec\": {" + newline, "/* } , */", "/* \"a\"" + newline + " */ ", "//" + newline, "// \"a\r",
        ])
    }

    private func indentation(_ depth: Int) -> String {
        String(repeating: depth % 2 == 0 ? "   " : "  ", count: depth)
    }
}
