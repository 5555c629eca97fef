import Foundation
import TestSupport
import Testing

@testable import HostConfiguration

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
        #expect(failure(binary) == "\(binary), line 2: it is not UTF-8")
        let large = try directory.write("", to: "large")
        #expect(truncate(large, off_t(ConfigurationFile.sizeLimit + 1)) == 0)
        #expect(failure(large)?.contains("more than 16 MiB") == true)
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
}
