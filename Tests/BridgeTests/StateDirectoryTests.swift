import Foundation
import TestSupport
import Testing

@testable import Bridge

/// The files that outlast the server.
@Suite struct StateDirectoryTests {
    @Test func aFileIsPrivateAndReplacedAsAWhole() throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: "\(directory.path)/a/b")
        #expect(state.read("x/y.json", limit: 100) == nil)
        for text in ["one", "two"] {
            #expect(state.write(Array(text.utf8), to: "x/y.json"))
            #expect(state.read("x/y.json", limit: 100) == Array(text.utf8))
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(state.path)/x/y.json")
        #expect((attributes[.posixPermissions] as? Int) == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(state.path)/x") == ["y.json"])
        #expect(state.read("x/y.json", limit: 2) == nil)
    }

    @Test func whatIsNotOursIsNotRead() throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        try "x".write(toFile: "\(directory.path)/real", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory.path)/link", withDestinationPath: "\(directory.path)/real")
        #expect(state.read("link", limit: 100) == nil)
        #expect(state.read("real", limit: 100) != nil)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: "\(directory.path)/real")
        #expect(state.read("real", limit: 100) == nil)
    }

    @Test func whatKilledWritersLeftIsRemovedByTheNextWriter() throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        let file = StateFile(directory: state, name: "d/x.json")
        for name in ["x.json.123", "x.json.12ab", "x.json", "y.json.123"] { state.write([1], to: "d/\(name)") }
        #expect(file.exclusively { file.write([2]) } == true)
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/d").sorted()
        #expect(left == ["x.json", "x.json.12ab", "y.json.123"])
        #expect(file.read(limit: 100) == [2])
    }

    @Test func theOldestFilesMakeRoom() throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        for number in 1...4 {
            state.write([1], to: "d/\(number)")
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: Double(1000 + number))],
                ofItemAtPath: "\(directory.path)/d/\(number)")
        }
        state.prune("d", to: 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/d").sorted() == ["3", "4"])
    }

    @Test(
        arguments: [
            (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/exec-mcp"), (["HOME": "/h"], "/h/.local/state/exec-mcp"),
            (["XDG_STATE_HOME": "s", "HOME": "/h"], "/h/.local/state/exec-mcp"), ([:], nil),
        ] as [([String: String], String?)])
    func theUsualPlaceFollowsTheEnvironment(variables: [String: String], path: String?) {
        #expect(StateDirectory.usual(variables: variables)?.path == path)
    }
}
