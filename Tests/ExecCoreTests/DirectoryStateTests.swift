import Foundation
import TestSupport
import Testing

@testable import ExecCore

@Suite struct DirectoryStateTests {
    private let place: TemporaryDirectory

    init() throws {
        place = try TemporaryDirectory()
        try place.write("a", to: "a.py")
        try place.write("b", to: "deep/b.txt")
    }

    private func changes(
        depth: Int = 16, suffix: String = "", _ act: () throws -> Void
    ) rethrows -> (paths: Set<String>, hasOtherNames: Bool) {
        let before = DirectoryState(of: [place.path], depth: depth, suffix: suffix)
        try act()
        let changes = DirectoryState(of: [place.path], depth: depth, suffix: suffix).changes(since: before)
        return (Set(changes.paths.map { String($0.dropFirst(place.path.count + 1)) }), changes.hasOtherNames)
    }

    @Test func seesNothingWhereNothingHappens() throws {
        #expect(DirectoryState(of: [place.path]) == DirectoryState(of: [place.path]))
        #expect(changes {}.paths.isEmpty)
    }

    @Test func seesWhatCameChangedAndWent() throws {
        let come = try changes { try place.write("", to: "deep/er/c") }
        #expect(come.paths == ["deep/er/c"] && come.hasOtherNames)
        let changed = try changes { try place.write("bb", to: "deep/b.txt") }
        #expect(changed.paths == ["deep/b.txt"] && !changed.hasOtherNames)
        let gone = try changes { try FileManager.default.removeItem(atPath: "\(place.path)/a.py") }
        #expect(gone.paths == ["a.py"] && gone.hasOtherNames)
    }

    @Test func looksNoDeeperThanAskedAndAtNoOtherNames() throws {
        let others = try changes(depth: 1, suffix: ".py") {
            try place.write("", to: "deep/c.py")
            try place.write("", to: "d.txt")
            try place.write("", to: ".hidden.py")
        }
        #expect(others.paths.isEmpty)
        #expect(try changes(depth: 1, suffix: ".py") { try place.write("", to: "e.py") }.paths == ["e.py"])
    }

    @Test func aMissingDirectoryHoldsNothing() {
        #expect(DirectoryState(of: ["/no/such"]) == DirectoryState(of: []))
    }
}
