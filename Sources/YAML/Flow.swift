import JSON

/// Flow collections, `[…]` and `{…}`, over any number of lines.
extension YAMLParser {
    /// A node inside a flow collection, or a whole collection.
    struct FlowNode {
        let value: JSON
        /// The node as a key: a scalar's text as written, nil for a list or a map.
        let key: String?
        let isPlain: Bool
    }

    /// Parses the node at the cursor and moves the cursor past it.
    mutating func parseFlowNode() throws(YAMLError) -> FlowNode {
        switch peek() {
        case Ascii.openList: return FlowNode(value: try parseFlowList(), key: nil, isPlain: false)
        case Ascii.openMap: return FlowNode(value: try parseFlowMap(), key: nil, isPlain: false)
        case Ascii.doubleQuote, Ascii.singleQuote:
            let text = try parseQuoted()
            return FlowNode(value: .string(text), key: text, isPlain: false)
        case Ascii.anchor, Ascii.alias:
            let opening = line
            if let value = try parseReference({ (parser: inout YAMLParser) throws(YAMLError) -> JSON in
                try parser.skipFlowSpace(opening: opening)
                return try parser.parseFlowNode().value
            }) {
                return FlowNode(value: value, key: nil, isPlain: false)
            }
            fallthrough
        default:
            try refuseUnsupported()
            let text = try parseFlowPlain()
            return FlowNode(value: CoreSchema.resolve(text), key: text, isPlain: true)
        }
    }

    private mutating func parseFlowList() throws(YAMLError) -> JSON {
        let opening = line
        try enter()
        column += 1
        var elements: [JSON] = []
        try skipFlowSpace(opening: opening)
        while peek() != Ascii.closeList {
            let nodeLine = line
            let node = try parseFlowNode()
            try skipFlowSpace(opening: opening)
            // `[key: value]` is a list of one map; its key must be on the line of its colon.
            if peek() == Ascii.colon, line == nodeLine {
                let key = try flowKey(node)
                elements.append(.object([key: try parseFlowMapValue(opening: opening)]))
            } else {
                elements.append(node.value)
            }
            try skipFlowComma(opening: opening, closing: Ascii.closeList)
        }
        column += 1
        leave()
        return .array(elements)
    }

    private mutating func parseFlowMap() throws(YAMLError) -> JSON {
        let opening = line
        try enter()
        column += 1
        var object = JSONObject()
        var merged: [JSONObject] = []
        try skipFlowSpace(opening: opening)
        while peek() != Ascii.closeMap {
            let node = try parseFlowNode()
            if node.isPlain, let key = node.key, try isMerge(key) {
                try skipFlowSpace(opening: opening)
                guard peek() == Ascii.colon else { throw failure("a merge key (<<) accepts only maps") }
                merged += try mergeSources(try parseFlowMapValue(opening: opening))
                try skipFlowComma(opening: opening, closing: Ascii.closeMap)
                continue
            }
            let key = try flowKey(node)
            if object[key] != nil { throw failure("duplicate key '\(key)'") }
            try skipFlowSpace(opening: opening)
            object[key] = peek() == Ascii.colon ? try parseFlowMapValue(opening: opening) : .null
            try skipFlowComma(opening: opening, closing: Ascii.closeMap)
        }
        column += 1
        leave()
        object.merge(merged)
        return .object(object)
    }

    /// Parses the value after the colon under the cursor; it may be empty.
    private mutating func parseFlowMapValue(opening: Int) throws(YAMLError) -> JSON {
        column += 1
        try skipFlowSpace(opening: opening)
        if let next = peek(), [Ascii.comma, Ascii.closeMap, Ascii.closeList].contains(next) { return .null }
        let value = try parseFlowNode().value
        try skipFlowSpace(opening: opening)
        return value
    }

    private func flowKey(_ node: FlowNode) throws(YAMLError) -> String {
        guard let key = node.key else { throw failure("a list or a map cannot be a key") }
        if node.isPlain, try isMerge(key) { throw failure("a merge key (<<) is not allowed here") }
        return key
    }

    /// Skips the comma after an entry, unless the closing bracket follows.
    private mutating func skipFlowComma(opening: Int, closing: UInt8) throws(YAMLError) {
        if peek() == closing { return }
        guard peek() == Ascii.comma else {
            throw failure("expected ',' or '\(closing == Ascii.closeList ? "]" : "}")'")
        }
        column += 1
        try skipFlowSpace(opening: opening)
    }

    /// Skips white space, comments and line breaks. Afterwards there is always a byte under the cursor.
    private mutating func skipFlowSpace(opening: Int) throws(YAMLError) {
        while skipToLineEnd() {
            advanceLine()
            guard currentLine != nil, !isDocumentMarker(line) else {
                throw failure("the bracket is never closed", line: opening)
            }
        }
    }
}
