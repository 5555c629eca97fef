import JSON
import JSONRPC
import MCP
import Testing

@Suite struct PageTests {
    private func page(
        _ elements: [String], after cursor: String? = nil, size: Int = 3, list: String = "l"
    ) throws -> Page<String> {
        try Page(of: list, elements, key: { $0 }, cursor: cursor.map(JSON.string), size: size)
    }

    /// All pages, one after the other.
    private func walk(_ elements: [String], size: Int) throws -> [[String]] {
        var pages: [[String]] = []
        var cursor: String?
        repeat {
            let next = try page(elements, after: cursor, size: size)
            pages.append(next.elements)
            cursor = next.nextCursor
        } while cursor != nil
        return pages
    }

    @Test(arguments: [0, 1, 2, 3, 4, 6, 7, 100], [1, 2, 3, 100])
    func everyElementIsOnOnePage(count: Int, size: Int) throws {
        let elements = (0..<count).map { "e" + String(1000 + $0) }
        let pages = try walk(elements, size: size)
        #expect(pages.flatMap { $0 } == elements)
        #expect(pages.dropLast().allSatisfy { $0.count == size })
        #expect(pages.count == max(1, (count + size - 1) / size))
    }

    @Test func tellsWhatWasShownBefore() throws {
        let cursor = try page(["b", "d", "f"], size: 2).nextCursor.map(JSON.string)
        #expect(try Page<String>.keyBefore(cursor, of: "l") == "d")
        #expect(try Page<String>.keyBefore(nil, of: "l") == nil)
        #expect(throws: RPCError.self) { try Page<String>.keyBefore(cursor, of: "another") }
        // The elements up to it, and those after the page's, need not be made.
        let next = try Page(of: "l", ["f", "h", "j"], key: { $0 }, cursor: cursor, size: 2)
        #expect(next.elements == ["f", "h"])
        #expect(next.nextCursor != nil)
    }

    @Test func whatComesOrGoesMeanwhileMovesNothingElse() throws {
        let first = try page(["b", "d", "f", "h"], size: 2)
        #expect(first.elements == ["b", "d"])
        #expect(try page(["a", "b", "c", "e", "f"], after: first.nextCursor).elements == ["e", "f"])
        #expect(try page(["f", "h"], after: first.nextCursor).elements == ["f", "h"])
        let rest = try page([], after: first.nextCursor)
        #expect(rest.elements.isEmpty)
        #expect(rest.nextCursor == nil)
    }

    @Test func takesNullForNoCursor() throws {
        #expect(try Page(of: "l", ["a"], key: { $0 }, cursor: .null, size: 1).elements == ["a"])
        #expect(try Page<String>.keyBefore(.null, of: "l") == nil)
    }

    @Test func takesNoCursorThatIsLongerThanItsOwn() throws {
        let key = String(repeating: "k", count: 16_000)
        let cursor = try page([key, key + "l"], size: 1).nextCursor
        #expect(try page([key, key + "l"], after: cursor).elements == [key + "l"])
        let digits = String(repeating: "6c", count: 1_000_000)
        for text in [digits, "6c3a" + digits] { #expect(throws: RPCError.self) { try page(["a"], after: text) } }
    }

    @Test func keysMayHoldAnything() throws {
        let elements = ["", ":", "l:", "\u{0}", "\u{1F600}", "é\n"].sorted()
        #expect(try walk(elements, size: 1).flatMap { $0 } == elements)
    }

    @Test(arguments: [
        "", "x", "0", "zz", "6c3", "6d3a61", "6c", "6c3aff", "6c3a+1", "6C3A61", "é",
        String(repeating: "0", count: 100_000),
    ])
    func refusesACursorThatItDidNotGiveOut(cursor: String) throws {
        let error = #expect(throws: RPCError.self) { try page(["a"], after: cursor) }
        #expect(error?.code == -32602)
    }

    @Test(arguments: [1, true, [], [:]] as [JSON])
    func refusesACursorThatIsNoText(cursor: JSON) throws {
        #expect(throws: RPCError.self) { try Page(of: "l", ["a"], key: { $0 }, cursor: cursor, size: 1) }
    }

    @Test func refusesTheCursorOfAnotherList() throws {
        let cursor = try #require(try page(["a", "b"], size: 1).nextCursor)
        #expect(throws: RPCError.self) { try page(["a", "b"], after: cursor, list: "other") }
    }
}
