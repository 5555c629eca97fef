import JSON
import OpenAI
import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

/// The files of conversations, and what is left of them however a program ends.
@Suite(.timeLimit(.minutes(5))) struct ConversationFileTests {
    static let id = "conversation_" + String(repeating: "a", count: 24)

    static func turn(_ index: Int, _ state: PageTurn.State = .answered) -> PageTurn {
        var turn = PageTurn(
            index: index, runID: "run_\(index)", text: "question \(index) ä",
            attachments: [
                PageTurn.Attachment(name: "a.csv", path: "/workspace/uploads/a.csv", size: 3)
            ], created: 12.5)
        turn.state = state
        guard state != .running else { return turn }
        turn.events = [["type": "text", "text": "answer\n", "seq": 1], ["type": "finished", "seq": 2]]
        turn.usage = ["prompt_tokens": 1]
        turn.seconds = 1.25
        turn.messages = [ChatMessage(role: .assistant, text: "answer \(index)")]
        if state == .failed { turn.failure = PageTurn.Failure(message: "no", code: "x") }
        return turn
    }

    static func conversation(_ turns: [PageTurn]) -> PageConversation {
        PageConversation(id: id, title: "a title", created: 10, updated: 20, turns: turns)
    }

    private static let events: [JSONObject] = [
        ["type": "text", "text": "so ", "seq": 1], ["type": "text", "text": "far", "seq": 2],
        ["type": "tool_started", "id": "c", "seq": 3],
    ]

    private func journalled() -> [UInt8] {
        ConversationRecords.bytes(of: Self.conversation([Self.turn(0), Self.turn(1, .running)]), limit: 1 << 20)
            + Self.events.flatMap(ConversationRecords.bytes)
    }

    @Test func readsWhatItHasWritten() {
        let conversation = Self.conversation([Self.turn(0), Self.turn(1, .failed), Self.turn(2, .stopped)])
        let content = ConversationRecords.content(of: ConversationRecords.bytes(of: conversation, limit: 1 << 20))
        #expect(content?.conversation == conversation)
        #expect(content?.isDamaged == false)
    }

    @Test func joinsTheEventsOfATurnThatNeverEnded() {
        let turn = ConversationRecords.content(of: journalled())?.conversation.turns.last
        #expect(turn?.state == .running)
        #expect(turn?.events.map { $0["type"] } == ["text", "tool_started"])
        #expect(turn?.events.first?["text"] == "so far")
        #expect(turn?.events.first?["first"] == 1)
        #expect(turn?.events.first?["seq"] == 2)
    }

    @Test func aFileTornAtAnyByteLosesOnlyItsEnd() throws {
        let bytes = journalled()
        let head = try #require(bytes.firstIndex(of: 0x0A)) + 1
        // The whole turns are written before the file gets its name; only events are appended.
        var seen: Set<Int> = []
        for end in 0...bytes.count {
            let content = ConversationRecords.content(of: Array(bytes[..<end]))
            guard end >= head - 1 else {
                #expect(content == nil, "at \(end)")
                continue
            }
            let turns = try #require(content, "at \(end)").conversation.turns
            #expect(content?.isDamaged == false, "at \(end)")
            #expect(turns.count <= 2)
            if let first = turns.first { #expect(first == Self.turn(0)) }
            if turns.count == 2 { seen.insert(turns[1].events.count) }
        }
        #expect(seen == [0, 1, 2])
    }

    @Test func noFlippedBitGoesUnnoticed() throws {
        let bytes = journalled()
        let whole = ConversationRecords.content(of: bytes)
        let lastLine = try #require(bytes.dropLast().lastIndex(of: 0x0A)) + 1
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 0x10
            guard let content = ConversationRecords.content(of: changed) else { continue }
            // What is appended last cannot be told from what was being written.
            #expect(content.isDamaged || place >= lastLine, "at \(place)")
            #expect(content.conversation.turns.count <= 2)
            if content.conversation.turns.count == 2, content != whole {
                #expect(content.conversation.turns[0] == Self.turn(0))
            }
        }
    }

    @Test func dropsPicturesAndOldDetailsForRoom() throws {
        var turns = (0..<6).map { Self.turn($0) }
        for place in turns.indices {
            turns[place].events.append(["type": "text", "text": .string(String(repeating: "e", count: 20_000))])
            turns[place].messages.insert(
                ChatMessage(role: .user, content: [.imageURL("data:image/png;base64,\(place)")]), at: 0)
        }
        let bytes = ConversationRecords.bytes(of: Self.conversation(turns), limit: 70_000)
        #expect(bytes.count < 72_000)
        let kept = try #require(ConversationRecords.content(of: bytes)).conversation.turns
        #expect(kept.map(\.text) == turns.map(\.text))
        #expect(kept.map(\.events.isEmpty) == [true, true, true, false, false, false])
        #expect(kept.first?.omittedEvents == 3)
        #expect(kept.allSatisfy { $0.messages.contains { $0.text.hasPrefix("answer") } })
        let roomy = ConversationRecords.bytes(of: Self.conversation(turns), limit: 10 << 20)
        let pictures = try #require(ConversationRecords.content(of: roomy)).conversation.turns.map { turn in
            turn.messages.contains { $0.content.contains { if case .imageURL = $0 { true } else { false } } }
        }
        #expect(pictures == [false, false, false, false, true, true])
    }

    // MARK: - The directory

    private func storage(_ path: String, _ log: Recorder<String> = Recorder()) throws -> FileStorage {
        try FileStorage(path: path) { log.record($0) }
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func files(in path: String) -> [String] {
        Files.names(in: path).filter { Files.isDirectory("\(path)/\($0)") }.flatMap { directory in
            Files.names(in: "\(path)/\(directory)").map { "\(path)/\(directory)/\($0)" }
        }
    }

    @Test func onlyItsOwnerCanReadIt() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/state/conversations"
        let storage = try storage(path)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        #expect(mode(path) == 0o700)
        #expect(mode("\(path)/lock") == 0o600)
        let file = try #require(files(in: path).first)
        #expect(mode(file) == 0o600)
        #expect(mode(String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex))) == 0o700)
        #expect(!file.contains("ann"))
    }

    @Test func keepsUsersApart() throws {
        let directory = try TemporaryDirectory()
        let storage = try storage(directory.path)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        #expect(storage.summaries(of: "ann").map(\.id) == [Self.id])
        #expect(storage.summaries(of: "bob").isEmpty)
        #expect(storage.read(Self.id, of: "bob") == nil)
        storage.remove(Self.id, of: "bob")
        #expect(storage.read(Self.id, of: "ann") != nil)
        storage.remove(Self.id, of: "ann")
        #expect(storage.read(Self.id, of: "ann") == nil)
    }

    @Test func onlyOneProgramUsesIt() throws {
        let directory = try TemporaryDirectory()
        var first: FileStorage? = try storage(directory.path)
        #expect(throws: ConversationStorageError.self) { try storage(directory.path) }
        withExtendedLifetime(first) {}
        first = nil
        _ = try storage(directory.path)
    }

    @Test func theNextProgramFindsAllOfIt() throws {
        let directory = try TemporaryDirectory()
        var storage: FileStorage? = try storage(directory.path)
        try storage?.write(Self.conversation([Self.turn(0), Self.turn(1, .running)]), of: "ann")
        for event in Self.events { storage?.append(event, to: Self.id, of: "ann") }
        storage = nil
        let again = try self.storage(directory.path)
        #expect(again.summaries(of: "ann").first?.turnCount == 2)
        #expect(again.read(Self.id, of: "ann")?.turns.last?.events.count == 2)
    }

    @Test func aTurnThatStartsIsAdded() throws {
        let directory = try TemporaryDirectory()
        let storage = try storage(directory.path)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        let file = try #require(files(in: directory.path).first)
        let before = try Files.contents(of: file, limit: 1 << 20)
        let started = Self.conversation([Self.turn(0), Self.turn(1, .running)])
        try storage.start(started, of: "ann")
        #expect(try Files.contents(of: file, limit: 1 << 20).starts(with: before))
        #expect(storage.read(Self.id, of: "ann")?.turns == started.turns)
        for event in Self.events { storage.append(event, to: Self.id, of: "ann") }
        #expect(storage.read(Self.id, of: "ann")?.turns.last?.events.count == 2)
        try storage.write(Self.conversation([Self.turn(0), Self.turn(1)]), of: "ann")
        #expect(storage.read(Self.id, of: "ann")?.turns == [Self.turn(0), Self.turn(1)])
        // Without a file the whole is written.
        unlink(file)
        try storage.start(started, of: "ann")
        #expect(storage.read(Self.id, of: "ann")?.turns == started.turns)
    }

    @Test func aTurnStartsOnALineOfItsOwn() throws {
        let directory = try TemporaryDirectory()
        let storage = try storage(directory.path)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        let file = try #require(files(in: directory.path).first)
        // What a killed program was writing.
        let torn = try Files.contents(of: file, limit: 1 << 20) + Array("half".utf8)
        try directory.write(torn, to: String(file.dropFirst(directory.path.count + 1)), mode: 0o600)
        let started = Self.conversation([Self.turn(0), Self.turn(1, .running)])
        try storage.start(started, of: "ann")
        #expect(storage.read(Self.id, of: "ann")?.turns == started.turns)
    }

    @Test func setsADamagedFileAsideAndSaysSo() throws {
        let directory = try TemporaryDirectory()
        let log = Recorder<String>()
        let storage = try storage(directory.path, log)
        try storage.write(Self.conversation([Self.turn(0), Self.turn(1), Self.turn(2)]), of: "ann")
        let file = try #require(files(in: directory.path).first)
        var bytes = try Files.contents(of: file, limit: 1 << 20)
        let middle = try #require(bytes.lastIndex(of: UInt8(ascii: "1")))
        bytes[middle] ^= 1
        try directory.write(bytes, to: String(file.dropFirst(directory.path.count + 1)), mode: 0o600)
        #expect(storage.read(Self.id, of: "ann")?.turns.first == Self.turn(0))
        #expect(try Files.contents(of: "\(file).damaged", limit: 1 << 20) == bytes)
        #expect(log.elements.count == 1)
        #expect(log.elements.first?.contains("\(file).damaged") == true)
        // What is left is whole again.
        #expect(storage.read(Self.id, of: "ann") != nil)
        #expect(log.elements.count == 1)
        storage.remove(Self.id, of: "ann")
        #expect(files(in: directory.path).isEmpty)
    }

    @Test func setsAFileWithoutABeginningAside() throws {
        let directory = try TemporaryDirectory()
        let log = Recorder<String>()
        let storage = try storage(directory.path, log)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        let file = try #require(files(in: directory.path).first)
        try directory.write("no record\n", to: String(file.dropFirst(directory.path.count + 1)))
        #expect(storage.summaries(of: "ann").isEmpty)
        #expect(files(in: directory.path) == ["\(file).damaged"])
        #expect(log.elements.count == 1)
    }

    @Test func removesWhatAKilledProgramWasWriting() throws {
        let directory = try TemporaryDirectory()
        let storage = try storage(directory.path)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        let file = try #require(files(in: directory.path).first)
        try directory.write("half", to: "\(file.dropFirst(directory.path.count + 1)).new")
        #expect(storage.summaries(of: "ann").count == 1)
        #expect(files(in: directory.path) == [file])
    }

    @Test func followsNoLinks() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.makeDirectory("state")
        let storage = try storage(path)
        try storage.write(Self.conversation([Self.turn(0)]), of: "ann")
        let file = try #require(files(in: path).first)
        let elsewhere = try directory.write(try Files.contents(of: file, limit: 1 << 20), to: "elsewhere")
        unlink(file)
        symlink(elsewhere, file)
        #expect(storage.read(Self.id, of: "ann") == nil)
        #expect(storage.summaries(of: "ann").isEmpty)
        // Writing replaces the link, not its target.
        try storage.write(Self.conversation([]), of: "ann")
        #expect(storage.read(Self.id, of: "ann")?.turns == [])
        #expect(try Files.contents(of: elsewhere, limit: 1 << 20).isEmpty == false)
    }

    @Test func leavesADirectoryOfOtherFilesAsItIs() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.makeDirectory("shared")
        try directory.write("x", to: "shared/other")
        chmod(path, 0o755)
        #expect(throws: ConversationStorageError.self) { try storage(path) }
        #expect(mode(path) == 0o755)
    }

    @Test(arguments: ["", "relative/path", "/dev/null/x"])
    func refusesWhatIsNoDirectory(path: String) {
        #expect(throws: ConversationStorageError.self) { try storage(path) }
    }
}
