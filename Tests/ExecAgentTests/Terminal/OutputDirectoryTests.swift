import Foundation
import TestSupport
import Testing

@testable import ExecAgent

@Suite struct OutputDirectoryTests {
    private let directory: TemporaryDirectory
    private let output: OutputDirectory

    init() throws {
        directory = try TemporaryDirectory()
        output = OutputDirectory(path: "\(directory.path)/a/b")
    }

    private func content(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }

    @Test func savesAFileAndMakesTheDirectories() throws {
        let path = try output.save([1, 2], as: "x.bin")
        #expect(path == "\(directory.path)/a/b/x.bin")
        #expect(content(path) == [1, 2])
    }

    @Test func neverChangesAFile() throws {
        let first = try output.save([1], as: "x.tar.gz")
        let second = try output.save([2], as: "x.tar.gz")
        let third = try output.save([3], as: "x.tar.gz")
        #expect(second == "\(output.path)/x.tar-2.gz")
        #expect(third == "\(output.path)/x.tar-3.gz")
        #expect([first, second, third].map(content) == [[1], [2], [3]])
    }

    @Test func writesTheSameOnce() throws {
        #expect(try output.save([1], as: "x") == output.save([1], as: "x"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: output.path) == ["x"])
    }

    @Test func followsNoLink() throws {
        let target = try directory.write("mine", to: "target")
        try directory.makeDirectory("a/b")
        try FileManager.default.createSymbolicLink(atPath: "\(output.path)/x", withDestinationPath: target)
        try FileManager.default.createSymbolicLink(atPath: "\(output.path)/y", withDestinationPath: "/nonexistent/z")
        #expect(try output.save(Array("mine".utf8), as: "x") == "\(output.path)/x-2")
        #expect(try output.save([1], as: "y") == "\(output.path)/y-2")
        #expect(content(target) == Array("mine".utf8))
    }

    @Test func saysWhyItCannot() throws {
        let file = try directory.write("x", to: "file")
        let error = #expect(throws: OutputError.self) { try OutputDirectory(path: "\(file)/sub").save([1], as: "x") }
        #expect(error?.description.contains("\(file)/sub") == true)
        let taken = #expect(throws: OutputError.self) { try OutputDirectory.write([1], toNewFile: file) }
        #expect(taken?.description == "cannot write \(file): the file already exists")
    }

    @Test(arguments: [
        ("plot.png", "plot.png"), ("a b é.csv", "a b é.csv"), ("../../etc/passwd", "_.._.._etc_passwd"), ("/x", "_x"),
        (".bashrc", "_.bashrc"), ("-rf", "_-rf"), ("", "artifact"), (".", "_."), ("..", "_.."), ("a\0b\n", "a_b_"),
        ("a\u{202E}gnp", "a_gnp"), ("c:\\x", "c__x"),
    ])
    func takesNothingButANameFromAName(name: String, safe: String) {
        #expect(SafeFileName.of(name) == safe)
    }

    @Test func cutsALongName() {
        let name = SafeFileName.of(String(repeating: "é", count: 300) + ".png")
        #expect(name.utf8.count <= 200)
        #expect(name.hasSuffix("é.png"))
        #expect(SafeFileName.of("x." + String(repeating: "y", count: 300)).utf8.count <= 200)
        #expect(SafeFileName.numbered("a.b", 2) == "a-2.b")
        #expect(SafeFileName.numbered("ab", 2) == "ab-2")
    }
}
