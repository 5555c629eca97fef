import Foundation
import SystemCalls
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct FilesTests {
    private let place: TemporaryDirectory

    init() throws {
        place = try TemporaryDirectory()
    }

    @Test func tellsFilesFromDirectories() throws {
        let file = try place.write("x", to: "file")
        let program = try place.write("x", to: "program", mode: 0o755)
        let link = "\(place.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place.path)
        #expect(Files.isDirectory(place.path))
        #expect(!Files.isDirectory(file))
        #expect(Files.isDirectory(link))
        #expect(Files.isRegularFile(file))
        #expect(!Files.isRegularFile(place.path))
        #expect(Files.isExecutable(program))
        #expect(!Files.isExecutable(file))
        #expect(!Files.isExecutable(place.path))
        for path in ["", "/nonexistent", "\(file)/below"] {
            #expect(!Files.isDirectory(path))
            #expect(!Files.isRegularFile(path))
            #expect(!Files.isExecutable(path))
        }
        #expect(Files.realPath("\(link)/../\(place.path.split(separator: "/").last ?? "")/file") == file)
        #expect(Files.realPath("/nonexistent") == nil)
        #expect(Files.owner(of: file)?.user == geteuid())
        #expect(Files.owner(of: "/nonexistent") == nil)
    }

    @Test func namesWhatIsInADirectory() throws {
        for name in ["b", "a", ".hidden", ".\u{301}hidden", "c d", "é", String(repeating: "n", count: 255)] {
            try place.write("", to: name)
        }
        #expect(Files.names(in: place.path) == ["a", "b", "c d", String(repeating: "n", count: 255), "é"])
        #expect(Files.names(in: "/nonexistent") == [])
        #expect(Files.names(in: "\(place.path)/a") == [])
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func readsUpToTheLimit(count: Int) throws {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let file = try place.write(content, to: "file")
        #expect(Files.read(file, limit: count) == content)
        #expect(Files.read(file, limit: count + 1) == content)
        if count > 0 { #expect(Files.read(file, limit: count - 1) == nil) }
    }

    @Test func readsNothingElse() throws {
        #expect(Files.read("/nonexistent", limit: 10) == nil)
        #expect(Files.read(place.path, limit: 10) == nil)
        // Never waits for someone to write.
        let fifo = "\(place.path)/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        #expect(Files.read(fifo, limit: 10) == [])
        #expect(Files.read("/dev/zero", limit: 100_000) == nil)
    }
}
