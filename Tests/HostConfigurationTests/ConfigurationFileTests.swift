import Foundation
import JSON
import TestSupport
import Testing

@testable import HostConfiguration

#if canImport(Glibc)
    import CXattr
#endif

@Suite struct ConfigurationFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func names(_ name: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/\(name)").sorted()
    }

    private func content(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    private func failure(_ path: String) -> String? {
        do throws(ConfigurationError) {
            _ = try ConfigurationFile(reading: path)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func makesAFileAndTheDirectoriesAboveIt() throws {
        let path = "\(directory.path)/a/b/c.json"
        let file = try ConfigurationFile(reading: path)
        #expect(file.content == nil)
        #expect(try file.replace(with: Array("new".utf8)) == nil)
        #expect(try content(path) == "new")
        #expect(try names("a/b") == ["c.json"])
    }

    @Test func keepsEveryVersionThatItReplaces() throws {
        let path = try directory.write("0", to: "f", mode: 0o640)
        var backups: [String] = []
        for number in 1...5 {
            let file = try ConfigurationFile(reading: path)
            backups.append(try #require(try file.replace(with: Array(String(number).utf8))))
        }
        #expect(Set(backups).count == 5)
        for (number, backup) in backups.enumerated() {
            #expect(try content(backup) == String(number))
            #expect(try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int == 0o640)
            #expect(backup.hasPrefix(path + ".backup-"))
        }
        #expect(try names().count == 6)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
    }

    @Test func leavesALinkALink() throws {
        let real = try directory.write("old", to: "dotfiles/real")
        let link = "\(directory.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "dotfiles/real")
        let file = try ConfigurationFile(reading: link)
        #expect(file.path == real)
        _ = try file.replace(with: Array("new".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "dotfiles/real")
        #expect(try content(real) == "new")
        #expect(try names() == ["dotfiles", "link"])
    }

    @Test func aFileOfSeveralNamesStaysOneFile() throws {
        let path = try directory.write("some old text", to: "dotfiles/mcp.json", mode: 0o640)
        let other = "\(directory.path)/mcp.json"
        #expect(link(path, other) == 0)
        for (number, text) in ["new", "a longer text than the one before", ""].enumerated() {
            let before = try content(path)
            let backup = try #require(try ConfigurationFile(reading: other).replace(with: Array(text.utf8)))
            #expect(try content(path) == text, "\(number)")
            #expect(try content(other) == text, "\(number)")
            #expect(try content(backup) == before)
        }
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.referenceCount] as? Int == 2)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
        #expect(try names("dotfiles") == ["mcp.json"])

        let changed = try ConfigurationFile(reading: path)
        try directory.write("their", to: "mcp.json")
        #expect(throws: ConfigurationError.self) { try changed.replace(with: [1]) }
        #expect(try content(path) == "their")
    }

    #if os(Linux)
        @Test func keepsWhatElseAFileCarries() throws {
            let path = try directory.write("old", to: "f", mode: 0o640)
            func attributes(_ path: String) -> [String: [UInt8]] {
                var names = [CChar](repeating: 0, count: 4096)
                let count = max(0, listxattr(path, &names, names.count))
                var found: [String: [UInt8]] = [:]
                for name in names[..<count].split(separator: 0) {
                    let name = String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    var value = [UInt8](repeating: 0, count: 4096)
                    let size = getxattr(path, name, &value, value.count)
                    found[name] = Array(value[..<max(0, size)])
                }
                return found
            }
            // Version 2: owner rw, user 1234 r, group none, mask r, others none. What the mode shows is the mask.
            let list: [UInt8] =
                [2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 210, 4, 0, 0]
                + [4, 0, 0, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255]
            var expected: [String: [UInt8]] = [:]
            for (name, value) in [("user.note", [1, 0, 2]), ("user.empty", []), ("system.posix_acl_access", list)] {
                // Not every file system has them: what it has stays.
                if setxattr(path, name, value, value.count, 0) == 0 { expected[name] = value }
            }
            #expect(attributes(path) == expected)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            let backup = try #require(try ConfigurationFile(reading: path).replace(with: Array("new".utf8)))
            for kept in [path, backup] {
                #expect(attributes(kept) == expected)
                #expect(try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int == mode)
            }
            #expect(try content(path) == "new")
            #expect(try content(backup) == "old")
        }
    #endif

    @Test func neverOverwritesWhatSomebodyElseHasWrittenMeanwhile() throws {
        let path = try directory.write("old", to: "f")
        let changed = try ConfigurationFile(reading: path)
        try directory.write("their", to: "f")
        #expect(throws: ConfigurationError.self) { try changed.replace(with: [1]) }
        #expect(try content(path) == "their")

        let made = try ConfigurationFile(reading: "\(directory.path)/g")
        try directory.write("their", to: "g")
        #expect(throws: ConfigurationError.self) { try made.replace(with: [1]) }

        let removed = try ConfigurationFile(reading: path)
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: ConfigurationError.self) { try removed.replace(with: [1]) }
        #expect(try names() == ["g"])
    }

    @Test func refusesWhatIsNoTextFile() throws {
        #expect(failure(directory.path)?.contains("not a regular file") == true)
        #expect(failure("/dev/null")?.contains("not a regular file") == true)
        let pipe = "\(directory.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(failure(pipe)?.contains("not a regular file") == true)
        let link = "\(directory.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
        #expect(failure(link)?.contains("link") == true)
        let binary = try directory.write([0x61, 0x0A, 0xC3, 0xA4, 0xFF], to: "binary")
        #expect(failure(binary) == "\(binary), line 2: invalid UTF-8")
        let large = try directory.write("", to: "large")
        #expect(truncate(large, off_t(ConfigurationFile.sizeLimit + 1)) == 0)
        #expect(failure(large)?.contains("larger than 16 MiB") == true)
        #expect(truncate(large, off_t(ConfigurationFile.sizeLimit)) == 0)
        #expect(failure(large) == nil)
    }

    @Test func saysWhyItCannotWrite() throws {
        let path = try directory.write("x", to: "f")
        let file = try ConfigurationFile(reading: "\(path)/below")
        let error = #expect(throws: ConfigurationError.self) { try file.replace(with: []) }
        #expect(error?.message.contains(path) == true)
        #expect(try content(path) == "x")
        #expect(try names() == ["f"])
    }

    @Test(arguments: [TextEncoding.utf8, .utf16LittleEndian, .utf16BigEndian])
    func readsAndKeepsTheEncodingOfAFile(encoding: TextEncoding) throws {
        let path = "\(directory.path)/host.json"
        let text = #"{"mcpServers": {"a": {"command": "/opt/ä😀"}}}"#
        let bytes = encoding.encoded(Array(text.utf8))
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let file = try ConfigurationFile(reading: path)
        #expect(file.content == Array(text.utf8))
        let backup = try #require(try file.replace(with: Array(text.replacing("a", with: "b").utf8)))
        #expect(Array(try Data(contentsOf: URL(fileURLWithPath: backup))) == bytes)
        let written = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(TextEncoding(of: written) == encoding)
        #expect(TextEncoding.utf8(written).contains(UInt8(ascii: "b")))
        var repeated: [String] = []
        #expect(
            try ConfigurationText.parse(bytes, named: path, repeated: &repeated)?["mcpServers"]?["a"]?["command"]
                == "/opt/ä😀")
    }

    @Test(arguments: [[0xFF, 0xFE, 0x7B], [0xFF, 0xFE, 0x00, 0xD8], [0xFE, 0xFF, 0xDC, 0x00]] as [[UInt8]])
    func refusesUTF16ThatIsBroken(bytes: [UInt8]) throws {
        let path = "\(directory.path)/broken.json"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(failure(path)?.contains("invalid UTF-8") == true)
    }
}
