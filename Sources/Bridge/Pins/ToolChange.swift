import Diagnostics

/// What has become of a tool since it was pinned.
struct ToolChange: Sendable, Equatable {
    /// How it differs.
    enum Kind: Sendable, Equatable {
        /// It declares something else; with the members that differ, possibly none that are known.
        case changed(members: [String])
        /// It has no pin.
        case new
        /// The pins can't be used, so nothing is known of it; with a clause on the file that they are in.
        case unknown(why: String)
    }

    /// The tool's name.
    let tool: String
    let kind: Kind

    /// A clause on it, without the tool's name, such as `has changed since it was pinned (description)`.
    var clause: String {
        switch kind {
        case .changed(let members) where members.isEmpty: "has changed since it was pinned"
        case .changed(let members): "has changed since it was pinned (\(members.joined(separator: ", ")))"
        case .new: "is new since the server's tools were pinned"
        case .unknown(let why): "cannot be compared, because the file with the pins of its server \(why)"
        }
    }
}

extension [ToolChange] {
    private static let shownNames = 10

    /// A sentence on all of them, for people; `nil` if there are none.
    ///
    /// - Parameter server: the server's name.
    func sentence(server: String) -> String? {
        guard let first else { return nil }
        let shown = prefix(Self.shownNames).map { $0.tool.singleLine(limit: 80) }.joined(separator: ", ")
        let rest = count > Self.shownNames ? " and \(count - Self.shownNames) more" : ""
        let start =
            count == 1
            ? "its tool \(shown) \(first.clause)" : "\(count) of its tools have changed or are new: \(shown)\(rest)"
        return "\(start). To see the difference and accept it: \(ToolChange.command(server))"
    }
}

extension ToolChange {
    /// The command that shows and accepts changes.
    ///
    /// - Parameter tool: the only tool to look at; `nil` for all.
    static func command(_ server: String, _ tool: String? = nil) -> String {
        "exec-mcp bridge accept " + ([server] + (tool.map { [$0] } ?? [])).map(word).joined(separator: " ")
    }

    /// A word for a shell. Names come from others.
    private static func word(_ text: String) -> String {
        let line = text.singleLine(limit: 200)
        let isPlain = line.utf8.allSatisfy { byte in
            byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
                || "-_.:/@".utf8.contains(byte)
        }
        return isPlain && !line.isEmpty && !line.hasPrefix("-")
            ? line : "'" + line.replacing("'", with: #"'\''"#) + "'"
    }
}
