import Hashing

/// Names of tools, parameters and servers as Python identifiers.
public enum PythonName {
    /// The maximum length of an identifier.
    public static let maxLength = 64
    /// How many Unicode scalars of a name are looked at. A longer one is hashed as a whole.
    private static let readLength = 256

    /// The keywords and soft keywords of Python.
    static let keywords: Set<String> = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "match", "case", "type", "_",
    ]

    /// The names that the package `servers` defines itself: helpers, classes, errors and submodules.
    public static let helpers: Set<String> = [
        "call_tool", "search_tools", "together", "list_servers", "list_tools", "tool_details", "list_resources",
        "read_resource", "list_prompts", "get_prompt", "callMCPTool", "call_mcp_tool", "list_mcp_tools",
        "get_mcp_tool_details",
        "search", "File", "Link", "ToolError", "ToolNotFound", "ServerNotFound",
        "ToolInputError", "ToolDenied", "ApprovalRequired", "ToolTimeout", "ServerUnavailable", "BudgetExceeded",
        "ToolInterrupted", "ResultTooLarge", "ProtocolError", "NotRecorded",
    ]

    /// What a generated function refers to. Neither a tool nor a parameter may hide it.
    static let internals: Set<String> = ["_r", "_server", "locals"]

    /// Returns an identifier for each name, all different.
    ///
    /// Characters that an identifier can't have become `_`; a leading digit gets `_` before it; a keyword, a dunder name
    /// or one of `reserved` gets `_` after it; a name over ``maxLength`` is cut and ends in a hash. A name that is
    /// an identifier as it stands keeps it. Others that would be equal get `_2`, `_3`, … in the order of their names.
    ///
    /// The result depends only on the set of names, not on their order. Equal names get different identifiers.
    ///
    /// - Parameter prefix: goes before an identifier that would begin with an underscore.
    public static func identifiers(
        for names: [String], reserved: Set<String> = [], beforeUnderscore prefix: String = ""
    ) -> [String] {
        var result = names.map { identifier(for: $0, reserved: reserved, beforeUnderscore: prefix) }
        var taken: Set<String> = []
        var open: [Int] = []
        for place in names.indices {
            // Compared as bytes: canonically equivalent names are different names.
            if !(result[place].utf8.elementsEqual(names[place].utf8) && taken.insert(result[place]).inserted) {
                open.append(place)
            }
        }
        open.sort { left, right in
            let (first, second) = (names[left].utf8, names[right].utf8)
            return first.elementsEqual(second) ? left < right : first.lexicographicallyPrecedes(second)
        }
        // The number to try next for an identifier, so that many equal ones take linear time.
        var next: [String: Int] = [:]
        for place in open where !taken.insert(result[place]).inserted {
            let base = result[place]
            var number = next[base, default: 2]
            var candidate = base.numbered(number)
            while !taken.insert(candidate).inserted {
                number += 1
                candidate = base.numbered(number)
            }
            next[base] = number + 1
            result[place] = candidate
        }
        return result
    }

    /// Whether all characters are ASCII letters, digits, underscores or among `others`, and there is at least one.
    static func isASCIIWord(_ name: String, besides others: String = "") -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { IdentifierText.isASCIIWord($0) || others.unicodeScalars.contains($0) }
    }

    /// Returns the identifier for a name that stands alone. See ``identifiers(for:reserved:)``.
    static func identifier(
        for name: String, reserved: Set<String>, beforeUnderscore prefix: String = ""
    ) -> String {
        let scalars = name.unicodeScalars
        var text = IdentifierText.fold(scalars.prefix(readLength))
        if let first = text.unicodeScalars.first, first != "_", !first.properties.isXIDStart { text = "_" + text }
        if text.isEmpty { return prefix + "_" }
        if text.hasPrefix("_") { text = prefix + text }
        let isDunder = text.utf8.count > 4 && text.hasPrefix("__") && text.hasSuffix("__")
        if isDunder || keywords.contains(text) || reserved.contains(text) { text += "_" }
        guard scalars.dropFirst(readLength).isEmpty, text.unicodeScalars.count <= maxLength else {
            let digits = SHA256.hexDigest(of: name).prefix(8)
            return String(text.unicodeScalars.prefix(maxLength - 9)) + "_" + digits
        }
        return text
    }
}

extension String {
    /// Returns the identifier with a number after it, cut to fit.
    fileprivate func numbered(_ number: Int) -> String {
        let suffix = "_\(number)"
        return String(unicodeScalars.prefix(PythonName.maxLength - suffix.utf8.count)) + suffix
    }
}
