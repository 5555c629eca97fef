import ChildProcess
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

/// Files of this machine that are carried to an engine elsewhere, and the program that unpacks them there.
@Suite(.timeLimit(.minutes(2))) struct CarriedFilesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("print(1)\n", to: "skills/pdf/run.py", mode: 0o755)
        try directory.write("# PDF\n", to: "skills/pdf/SKILL.md")
        try directory.write("secret", to: "skills/.env")
        try directory.makeDirectory("skills/empty")
        symlink("SKILL.md", "\(directory.path)/skills/pdf/README")
    }

    private func carried(_ mounts: [(source: String, target: String)]? = nil) throws -> CarriedFiles {
        let mounts = mounts ?? [("skills", "/skills")]
        return try CarriedFiles(
            mounts.map { HostMount(source: "\(directory.path)/\($0.source)", target: $0.target) }, at: "/skills")
    }

    /// Unpacks files where a volume would be.
    private func unpack(
        _ files: CarriedFiles, into place: String, cutAt count: Int = .max
    ) async throws -> ChildProcess.Story {
        let child = try ChildProcess(
            starting: Command(executable: "/usr/bin/python3", arguments: GuestProgram.interpreterArguments))
        async let ending = child.story()
        try await child.input.write(Array(GuestProgram.unpacker(of: files, into: place).prefix(count)))
        child.input.close()
        return try await ending
    }

    private func text(_ path: String) -> String? {
        Files.read("\(directory.path)/\(path)", limit: 1000).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func theDigestIsThatOfNamesAndContents() throws {
        let digest = try carried().digest
        #expect(try carried().digest == digest)
        try directory.write("other", to: "skills/.env")
        #expect(try carried().digest == digest)
        #expect(try carried([("skills", "/skills"), ("skills/pdf", "/skills/again")]).digest != digest)
        try directory.write("print(2)\n", to: "skills/pdf/run.py", mode: 0o755)
        #expect(try carried().digest != digest)
        try directory.write("print(1)\n", to: "skills/pdf/run.py", mode: 0o755)
        #expect(try carried().digest == digest)
        chmod("\(directory.path)/skills/pdf/run.py", 0o644)
        #expect(try carried().digest != digest)
    }

    @Test func aLinkThatCannotBeCarriedIsNotFollowed() throws {
        let digest = try carried().digest
        let path = Array("\(directory.path)/\u{1}".utf8CString)
        let outside = path.map { $0 == 1 ? CChar(truncatingIfNeeded: 0xFF) : $0 }
        let descriptor = open(outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        close(descriptor)
        try #require(symlink(outside, "\(directory.path)/skills/pdf/outside") == 0)
        #expect(Files.isRegularFile("\(directory.path)/skills/pdf/outside"))
        #expect(try carried().digest == digest)
    }

    @Test func whatIsElsewhereIsNotCarried() throws {
        #expect(try carried([("skills", "/tools"), ("skills", "/skillset")]).digest == carried([]).digest)
    }

    @Test func arrivesAsItWas() async throws {
        let files = try carried([("skills", "/skills"), ("skills/pdf/SKILL.md", "/skills/one.md")])
        let place = try directory.makeDirectory("volume")
        let story = try await unpack(files, into: place)
        #expect(story.output == Array("filled\n".utf8), "\(story.errorText)")
        #expect(text("volume/pdf/run.py") == "print(1)\n")
        #expect(text("volume/one.md") == "# PDF\n")
        #expect(text("volume/\(CarriedFiles.marker)") == files.digest)
        #expect(Files.linkText("\(place)/pdf/README") == "SKILL.md")
        #expect(Files.isDirectory("\(place)/empty"))
        #expect(text("volume/.env") == nil)
        var status = stat()
        #expect(stat("\(place)/pdf/run.py", &status) == 0 && status.st_mode & 0o777 == 0o755)
        #expect(stat("\(place)/pdf/SKILL.md", &status) == 0 && status.st_mode & 0o777 == 0o644)
    }

    @Test func canBeUnpackedAgainAndAfterAnInterruption() async throws {
        let files = try carried()
        let place = try directory.makeDirectory("volume")
        let whole = GuestProgram.unpacker(of: files, into: place).count
        let cut = try await unpack(files, into: place, cutAt: whole - 4)
        #expect(cut.end.status == .exited(1))
        #expect(cut.errorText.contains("end before their end"))
        #expect(text("volume/\(CarriedFiles.marker)") == nil)
        for _ in 0..<2 {
            let story = try await unpack(files, into: place)
            #expect(story.output == Array("filled\n".utf8), "\(story.errorText)")
            #expect(text("volume/pdf/SKILL.md") == "# PDF\n")
        }
    }

    @Test func tooMuchIsRefusedWithAWayOut() throws {
        let big = try directory.write("", to: "skills/big")
        #expect(truncate(big, CarriedFiles.maxBytes + 1) == 0)
        let error = #expect(throws: ExecError.self) { try carried() }
        #expect(error?.message.contains("--skills none") == true)
    }
}
