import JSON

/// Block lists and maps, structured by indentation.
extension YAMLParser {
    /// Parses the node whose first byte is under the cursor.
    ///
    /// - Parameter parentIndent: the column of the enclosing list or map; -1 for the document's root node.
    mutating func parseBlockNode(parentIndent: Int) throws(YAMLError) -> JSON {
        if isAtListItem { return try parseBlockList() }
        let isAlias = peek() == Ascii.alias
        if let value = try parseReference({ (parser: inout YAMLParser) throws(YAMLError) -> JSON in
            guard !parser.skipToLineEnd() else {
                return try parser.parseNestedNode(parentIndent: parentIndent) ?? .null
            }
            guard !parser.isAtListItem, parser.keyColon() == nil else {
                throw parser.failure("an anchor (&) cannot be on the line of a map or a list: put it on the one above")
            }
            return try parser.parseBlockNode(parentIndent: parentIndent)
        }) {
            if isAlias { try finishLine(after: "the alias") }
            return value
        }
        try refuseUnsupported()
        if keyColon() != nil { return try parseBlockMap() }
        return try parseBlockValue(parentIndent: parentIndent, colonsAreText: false)
    }

    /// Parses a scalar or a flow collection, and the rest of its last line.
    private mutating func parseBlockValue(parentIndent: Int, colonsAreText: Bool) throws(YAMLError) -> JSON {
        switch peek() {
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            return .string(try parseBlockScalar(parentIndent: parentIndent))
        case Ascii.doubleQuote, Ascii.singleQuote:
            let text = try parseQuoted()
            try finishLine(after: "the closing quote")
            return .string(text)
        case Ascii.openList, Ascii.openMap:
            let value = try parseFlowNode().value
            skipBlanks()
            if peek() == Ascii.colon { throw failure("a list or a map cannot be a key") }
            try finishLine(after: "the closing bracket")
            return value
        default:
            return try parseBlockPlain(parentIndent: parentIndent, colonsAreText: colonsAreText)
        }
    }

    // MARK: Lists

    private var isAtListItem: Bool {
        peek() == Ascii.dash && Ascii.isBlankOrEnd(peek(1))
    }

    private mutating func parseBlockList() throws(YAMLError) -> JSON {
        try enter()
        let indent = column
        var elements: [JSON] = []
        repeat {
            elements.append(try parseListItem(indent: indent))
        } while try nextContent() == indent && isAtListItem
        leave()
        return .array(elements)
    }

    private mutating func parseListItem(indent: Int) throws(YAMLError) -> JSON {
        column += 1
        let dashEnd = column
        guard !skipToLineEnd() else { return try parseNestedNode(parentIndent: indent) ?? .null }
        if bytes(dashEnd..<column).contains(Ascii.tab), isAtListItem || keyColon() != nil {
            throw failure("a tab cannot be used for indentation")
        }
        return try parseBlockNode(parentIndent: indent)
    }

    /// Parses the node on the lines below if it is indented more than its parent.
    private mutating func parseNestedNode(parentIndent: Int) throws(YAMLError) -> JSON? {
        advanceLine()
        guard let indent = try nextContent(), indent > parentIndent else { return nil }
        return try parseBlockNode(parentIndent: parentIndent)
    }

    // MARK: Maps

    private mutating func parseBlockMap() throws(YAMLError) -> JSON {
        try enter()
        let indent = column
        let isTopLevel = depth == 1
        var object = JSONObject()
        var merged: [JSONObject] = []
        repeat {
            let (key, isMerge) = try parseBlockKey()
            if isMerge {
                merged += try mergeSources(try parseMapValue(indent: indent, isTopLevel: false))
                continue
            }
            if object[key] != nil { throw failure("duplicate key '\(key)'") }
            object[key] = try parseMapValue(indent: indent, isTopLevel: isTopLevel)
        } while try nextContent() == indent
        leave()
        object.merge(merged)
        return .object(object)
    }

    private mutating func parseBlockKey() throws(YAMLError) -> (key: String, isMerge: Bool) {
        if isAtListItem { throw failure("a list item where a key was expected") }
        try refuseUnsupported()
        guard let colon = keyColon() else {
            throw failure("expected 'key: value', with a space after the colon")
        }
        let key: String
        var isMerge = false
        if isAtQuote {
            key = try parseQuoted()
        } else {
            try checkPlainStart(inFlow: false)
            key = String(decoding: bytes(column..<colon).trimmingBlankSuffix, as: UTF8.self)
            isMerge = try self.isMerge(key)
        }
        column = colon + 1
        return (key, isMerge)
    }

    func isMerge(_ plainKey: String) throws(YAMLError) -> Bool {
        guard plainKey == "<<" else { return false }
        guard references != nil else { throw failure("merge keys (<<) are not supported") }
        return true
    }

    private mutating func parseMapValue(indent: Int, isTopLevel: Bool) throws(YAMLError) -> JSON {
        guard !skipToLineEnd() else {
            if let value = try parseNestedNode(parentIndent: indent) { return value }
            // The items of a list may start in the column of the key that the list belongs to.
            let isListBelow = try nextContent() == indent && isAtListItem
            return isListBelow ? try parseBlockList() : .null
        }
        if isAtListItem { throw failure("a list cannot start on the line of its key") }
        let isAlias = peek() == Ascii.alias
        if let value = try parseReference({ (parser: inout YAMLParser) throws(YAMLError) -> JSON in
            try parser.parseMapValue(indent: indent, isTopLevel: isTopLevel)
        }) {
            if isAlias { try finishLine(after: "the alias") }
            return value
        }
        try refuseUnsupported()
        return try parseBlockValue(parentIndent: indent, colonsAreText: isTopLevel)
    }

    /// Returns the column of the colon after the key at the cursor; nil if none on this line.
    private func keyColon() -> Int? {
        guard let first = peek(), first != Ascii.openList, first != Ascii.openMap else { return nil }
        var ahead = self
        if isAtQuote {
            guard ahead.skipQuotedOnLine() else { return nil }
            ahead.skipBlanks()
            return ahead.isAtKeyColon ? ahead.column : nil
        }
        if first == UInt8(ascii: "|") || first == UInt8(ascii: ">") { return nil }
        while ahead.peek() != nil, !ahead.isAtComment {
            if ahead.isAtKeyColon { return ahead.column }
            ahead.column += 1
        }
        return nil
    }

    /// Whether the cursor is at a colon that ends a block key.
    var isAtKeyColon: Bool {
        peek() == Ascii.colon && Ascii.isBlankOrEnd(peek(1))
    }

    var isAtQuote: Bool {
        peek() == Ascii.doubleQuote || peek() == Ascii.singleQuote
    }
}
