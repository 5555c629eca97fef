import Foundation
import SystemCalls
import TestSupport
import Testing

@Suite struct AppendedFileTests {
    @Test func aNewFileIsPrivateAndLinesFollowEachOther() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/log"
        let (one, other) = (try AppendedFile(path: path), try AppendedFile(path: path))
        for file in [one, other, one] { #expect(file.append([65, 10]) == (2, nil)) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "A\nA\nA\n")
        #expect(other.size == 6)
        #expect(!one.isOpenToOthers)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? Int) == 0o600)
    }

    @Test(arguments: [("", false), ("x\n", false), ("x\ny", true)])
    func aFileThatEndsWithinALineSaysSo(content: String, isTorn: Bool) throws {
        let directory = try TemporaryDirectory()
        try content.write(toFile: "\(directory.path)/log", atomically: true, encoding: .utf8)
        #expect(try AppendedFile(path: "\(directory.path)/log").endsWithinLine == isTorn)
    }

    @Test(
        arguments: [
            ("directory", "is a directory"), ("link", "is a link, or its path has too many links"),
            ("fifo", "is not a regular file"), ("none/log", "is in a directory that does not exist"),
        ])
    func whatIsNoFileIsRefused(name: String, problem: String) throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/directory", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory.path)/link", withDestinationPath: "\(directory.path)/target")
        #expect(mkfifo("\(directory.path)/fifo", 0o600) == 0)
        #expect {
            _ = try AppendedFile(path: "\(directory.path)/\(name)")
        } throws: {
            ($0 as? AppendedFileError)?.problem == problem
        }
    }
}
