import Foundation
import JSON
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
        return (Set(changes.paths.map { String($0.string.dropFirst(place.path.count + 1)) }), changes.hasOtherNames)
    }

    @Test func seesNothingWhereNothingHappens() throws {
        #expect(DirectoryState(of: [place.path]) == DirectoryState(of: [place.path]))
        #expect(changes {}.paths.isEmpty)
    }

    @Test func seesWhatCameChangedAndWent() throws {
        let come = try changes { try place.write("", to: "deep/er/c") }
        #expect(come.paths == ["deep/er/c"])
        #expect(come.hasOtherNames)
        let changed = try changes { try place.write("bb", to: "deep/b.txt") }
        #expect(changed.paths == ["deep/b.txt"])
        #expect(!changed.hasOtherNames)
        let gone = try changes { try FileManager.default.removeItem(atPath: "\(place.path)/a.py") }
        #expect(gone.paths == ["a.py"])
        #expect(gone.hasOtherNames)
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

    @Test func tellsFilesApartByTheBytesOfTheirNames() throws {
        #if canImport(Glibc)
            // One letter as one character and as two: two files, save on a Mac.
            try place.write("1", to: "caf\u{E9}.txt")
            try place.write("1", to: "cafe\u{301}.txt")
            let both = DirectoryState(of: [place.path])
            try place.write("22", to: "caf\u{E9}.txt")
            let changed = DirectoryState(of: [place.path]).changes(since: both)
            #expect(changed.paths == [ExactText("\(place.path)/caf\u{E9}.txt")])
            #expect(!changed.hasOtherNames)
            try FileManager.default.removeItem(atPath: "\(place.path)/cafe\u{301}.txt")
            #expect(DirectoryState(of: [place.path]).changes(since: both).hasOtherNames)
        #endif
    }

    @Test func aMissingDirectoryHoldsNothing() {
        #expect(DirectoryState(of: ["/no/such"]) == DirectoryState(of: []))
    }
}
