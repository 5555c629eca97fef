import Foundation
import JSON
import TestSupport
import Testing
import Threading

@testable import ExecCore

@Suite struct SkillStoreTests {
    private let place: TemporaryDirectory
    private let store: SkillStore
    private let ana: UserID
    private let ben: UserID

    init() throws {
        place = try TemporaryDirectory()
        store = SkillStore(path: "\(place.path)/skills")
        ana = try #require(UserID("ana"))
        ben = try #require(UserID("Ana"))
    }

    private func content(
        _ text: String = "print('one')\n", name: String = "greet", more: [String: String] = [:]
    ) throws -> SkillContent {
        let files = ["SKILL.md": "---\nname: \(name)\ndescription: Greets.\n---\n", "lib/greet.py": text]
        return try SkillContent(
            name: name,
            files: files.merging(more) { $1 }.map { SkillContent.File(path: $0.key, text: $0.value) })
    }

    @discardableResult
    private func approve(
        _ content: SkillContent, in scope: SkillScope? = nil, with store: SkillStore? = nil
    ) throws -> SkillVersion {
        try (store ?? self.store).approve(content, in: scope ?? .user(ana)) { number in
            SkillVersion(
                name: content.name, number: number, digest: content.digest, entries: content.entries,
                approver: "reviewer", approved: 1_800_000_000, author: "ana", written: 1_799_999_999,
                tests: "1 passed", untrustedServers: ["mail"],
                requirements: [
                    SkillRequirement(module: "git", server: "git", tools: ["git_log": "abc"], missing: ["git_push"])
                ])
        }
    }

    private func names(of user: UserID, in store: SkillStore? = nil) -> [String] {
        (store ?? self.store).skills(of: user).skills.map(\.version.name)
    }

    private var versions: [String] {
        let shelf = store.shelf(of: .user(ana))
        return (try? FileManager.default.contentsOfDirectory(atPath: "\(shelf)/versions").sorted()) ?? []
    }

    // MARK: - Decisions

    @Test func anApprovedSkillComesBackAsItWasStored() throws {
        let content = try content()
        let version = try approve(content)
        let found = try #require(SkillStore(path: store.path).skills(of: ana).skills.first)
        #expect(found.version == version)
        #expect(!found.isShared)
        #expect(try store.content(of: version, in: .user(ana)) == content)
        let catalog = SkillCatalog.load(from: [], approvedIn: store, for: ana)
        #expect(catalog.skills.map(\.sandboxPath) == ["/skills/greet/SKILL.md"])
        #expect(catalog.skills.first?.provenance == version)
    }

    @Test func usersWhoseNamesDifferInCaseAloneAreTwo() throws {
        try approve(try content())
        #expect(names(of: ben) == [])
        #expect(store.shelf(of: .user(ana)).lowercased() != store.shelf(of: .user(ben)).lowercased())
    }

    @Test func everyUserHasSharedSkillsAndOnesOwnComeFirst() throws {
        try approve(try content("shared\n"), in: .shared)
        try approve(try content("own\n"))
        #expect(store.skills(of: ana).skills.map(\.isShared) == [false])
        #expect(store.skills(of: ben).skills.map(\.isShared) == [true])
    }

    @Test func anIndexOfAnotherUserIsNotTaken() throws {
        try approve(try content())
        let (from, to) = (store.shelf(of: .user(ana)), store.shelf(of: .user(ben)))
        try FileManager.default.copyItem(atPath: from, toPath: to)
        #expect(names(of: ben) == [])
        #expect(store.skills(of: ben).problems.contains { $0.contains("damaged") })
    }

    @Test func aRevokedSkillIsGoneWithItsFilesAndItsNumberIsNotUsedAgain() throws {
        try approve(try content())
        try store.revoke("greet", in: .user(ana), SkillDecision(person: "r", time: 1))
        #expect(names(of: ana) == [])
        #expect(versions == [])
        #expect(try approve(try content()).number == 2)
        #expect(throws: SkillStoreError.self) {
            try store.revoke("other", in: .user(ana), SkillDecision(person: "r", time: 1))
        }
    }

    @Test func theVersionBeforeStaysForSandboxesThatHaveItAndOlderOnesGo() throws {
        for number in 1...4 { try approve(try content("print(\(number))\n")) }
        #expect(versions.map { String($0.prefix(7)) } == ["greet-3", "greet-4"])
        try store.revoke("greet", in: .user(ana), SkillDecision(person: "r", time: 1))
        #expect(versions == [])
    }

    @Test func theSameFilesAreNotApprovedTwice() throws {
        try approve(try content())
        #expect(throws: SkillStoreError.self) { try approve(try content()) }
        #expect(try store.index(of: .user(ana)).events.count == 1)
    }

    @Test func aRejectionIsOfOneDigest() throws {
        let first = try content()
        try store.reject("greet", digest: first.digest, of: ana, SkillDecision(person: "r", time: 7, reason: "no"))
        let index = try store.index(of: .user(ana))
        #expect(index.rejection(of: "greet", digest: first.digest)?.reason == "no")
        #expect(index.rejection(of: "greet", digest: try content("other\n").digest) == nil)
    }

    @Test func oldDecisionsAreForgottenAndApprovalsAreNot() throws {
        var index = SkillIndex()
        let version = try approve(try content())
        index.add(.approved(version))
        for number in 0..<5000 {
            index.add(
                .rejected(name: "greet", digest: version.digest, SkillDecision(person: "\(number)", time: number)))
        }
        #expect(index.events.count == 2000)
        #expect(index.current == ["greet": version])
        #expect(SkillIndex(index.json(of: .shared), of: .shared) == index)
    }

    @Test(arguments: ["", "x/y.txt", "README", "->.", "->missing", "Greet/SKILL.md", "greet.txt"])
    func whatIsInTheirPlaceAmongInstalledSkillsIsReported(entry: String) throws {
        try approve(try content())
        let installed = "\(place.path)/installed"
        try FileManager.default.createDirectory(atPath: "\(installed)/other", withIntermediateDirectories: true)
        switch entry {
        case "Greet/SKILL.md", "greet.txt": try place.write("text", to: "installed/\(entry)")
        case "README": try place.write("text", to: "installed/greet")
        case let link where link.hasPrefix("->"): symlink(String(link.dropFirst(2)), "\(installed)/greet")
        default:
            try FileManager.default.createDirectory(atPath: "\(installed)/greet", withIntermediateDirectories: true)
            if !entry.isEmpty { try place.write("text", to: "installed/greet/\(entry)") }
        }
        var configuration = SandboxConfiguration()
        for directories in [[installed], [installed, place.path]] {
            configuration.skillsDirectories = directories
            let mounted = HostMounts(configuration, approved: store.skills(of: ana).skills).approvedNames
            let catalog = SkillCatalog.load(from: directories, approvedIn: store, for: ana)
            #expect(Set(catalog.skills.filter { $0.provenance != nil }.map(\.name)) == mounted)
            #expect(catalog.diagnostics.contains { $0.message.contains("greet is left out") } == mounted.isEmpty)
            #expect((SkillCatalog.occupant(of: "greet", in: directories) == nil) == !mounted.isEmpty)
        }
    }

    @Test func readingAnIndexTakesTimeInProportionToItsEvents() throws {
        func index(of count: Int) throws -> JSON {
            var index = SkillIndex()
            let digest = try content().digest
            for number in 0..<count {
                index.add(.rejected(name: "greet", digest: digest, SkillDecision(person: "r", time: number)))
            }
            return index.json(of: .shared)
        }
        let (few, many) = (try index(of: 200), try index(of: 2000))
        func read(_ index: JSON) -> Double { processorTime { _ = SkillIndex(index, of: .shared) } }
        // Of several, the one with the least noise.
        let times = (0..<3).map { _ in (few: read(few), many: read(many)) }
        let (least, most) = (times.map(\.few).min() ?? 0, times.map(\.many).min() ?? 0)
        #expect(most < least * 30)
    }

    // MARK: - Tampering

    @Test(arguments: [
        "echo x >> lib/greet.py", "echo x > more.py", "echo x > .hidden", "rm lib/greet.py", "mv lib other",
        "rm SKILL.md; ln -s lib/greet.py SKILL.md", "mkfifo pipe", "mkdir -p a/b/c/d/e/f/g/h/i/j",
        "printf 'print(\"two\")\\n' > lib/greet.py",
    ])
    func aCopyThatWasTamperedWithIsLeftOut(command: String) throws {
        try approve(try content())
        try approve(try content(name: "other"))
        let directory = try #require(store.skills(of: ana).skills.first { $0.version.name == "greet" }?.directory)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "chmod -R u+w . && \(command)"]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        try process.run()
        process.waitUntilExit()
        let (skills, problems) = store.skills(of: ana)
        #expect(skills.map(\.version.name) == ["other"])
        #expect(problems.count == 1)
        #expect(problems.first?.contains("greet is left out") == true)
    }

    @Test(arguments: ["", "{", "[]", #"{"format":1,"of":"shared","versions":{},"events":[]}"#, "[[[[[[[["])
    func aDamagedIndexShowsNothingAndIsNotReplaced(text: String) throws {
        try approve(try content())
        let file = "\(store.shelf(of: .user(ana)))/index.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        #expect(names(of: ana) == [])
        #expect(throws: SkillStoreError.self) { try approve(try content("two\n")) }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func whatOthersMayWriteIsNotRead() throws {
        try approve(try content())
        chmod("\(store.shelf(of: .user(ana)))/index.json", 0o666)
        #expect(names(of: ana) == [])
    }

    // MARK: - Interruptions

    /// A process that is killed does nothing more, so a step that throws, with nothing cleared up behind it, is the same.
    private func interrupted(at step: Int) -> SkillStore {
        let count = Locked(0)
        return SkillStore(path: store.path) { () throws(SkillStoreError) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == step { throw SkillStoreError("killed") }
        }
    }

    @Test func anApprovalThatIsInterruptedAnywhereLeavesTheOldVersionOrTheNew() throws {
        let (old, new) = (try content("old\n"), try content("new\n", more: ["a/b/c.py": "x = 1\n"]))
        try approve(old)
        var outcomes: Set<String> = []
        for step in 1...100 {
            let attempt = interrupted(at: step)
            let isDone = (try? approve(new, with: attempt)) != nil
            let digest = try #require(SkillStore(path: store.path).skills(of: ana).skills.first?.version.digest)
            outcomes.insert(digest == old.digest ? "old" : digest == new.digest ? "new" : "neither")
            if isDone { break }
            if digest == new.digest { try approve(old) }
        }
        #expect(outcomes == ["old", "new"])
        // What was left behind goes with the next change.
        try store.reject("x", digest: old.digest, of: ana, SkillDecision(person: "r", time: 1))
        #expect(versions.allSatisfy { !$0.hasSuffix(".new") })
        #expect(versions.count <= 2)
    }

    @Test func aRevocationThatIsInterruptedAnywhereIsDoneOrNot() throws {
        for step in 1...100 {
            if names(of: ana).isEmpty { try approve(try content()) }
            let attempt = interrupted(at: step)
            let isDone = (try? attempt.revoke("greet", in: .user(ana), SkillDecision(person: "r", time: 1))) != nil
            #expect(SkillStore(path: store.path).skills(of: ana).problems == [])
            if isDone { break }
        }
        #expect(names(of: ana) == [])
        #expect(versions == [])
    }

    @Test func changesOfTwoProcessesDoNotGetLost() async throws {
        let contents = try (0..<8).map { try content(name: "skill-\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for content in contents {
                group.addTask { try approve(content, with: SkillStore(path: store.path)) }
            }
            try await group.waitForAll()
        }
        #expect(names(of: ana).count == 8)
    }

    // MARK: - Notes

    @Test func aReadingMarksWhatWasChangedWhileItsSessionLasted() throws {
        let hour = 3600
        try store.note(UntrustedReading(session: "a", servers: ["mail"], since: 10 * hour, until: 11 * hour), of: ana)
        try store.note(UntrustedReading(session: "b", servers: ["web"], since: 20 * hour), of: ana)
        #expect(try store.untrustedServers(of: ana, changed: 8 * hour...9 * hour) == [])
        #expect(try store.untrustedServers(of: ana, changed: 10 * hour...(10 * hour)) == ["mail"])
        #expect(try store.untrustedServers(of: ana, changed: 12 * hour...13 * hour) == [])
        #expect(try store.untrustedServers(of: ana, changed: 8 * hour...30 * hour) == ["mail", "web"])
        #expect(try store.untrustedServers(of: ben, changed: 8 * hour...30 * hour) == [])
        for number in 0..<500 {
            try store.note(UntrustedReading(session: "\(number)", servers: ["s"], since: number), of: ana)
        }
        #expect(try store.readings(of: ana).count == 200)
        #expect(try store.untrustedServers(of: ana, changed: 0...30 * hour) == ["mail", "s", "web"])
    }

    /// Which sessions note something again after their notes were merged.
    @Test(arguments: [[0], [1], [0, 1], [2], [3], [0, 1, 2, 3]])
    func whatIsKnownOfASessionOutlastsTheNextNotesOfOthers(again: [Int]) throws {
        func note(_ number: Int, until: Int? = nil) throws {
            let server = number < 4 ? "first-\(number)" : "other"
            let reading = UntrustedReading(session: "s\(number)", servers: [server], since: number, until: until)
            try store.note(reading, of: ana)
        }
        for number in 0..<203 { try note(number) }
        for number in again { try note(number, until: 1000) }
        let known = try store.untrustedServers(of: ana, changed: 500...500)
        #expect(known == ["first-0", "first-1", "first-2", "first-3", "other"])
    }

    @Test func notesOfSessionsThatEndedAreMergedFirstSoThatTheirEndsAreKept() throws {
        let hour = 3600
        try store.note(UntrustedReading(session: "killed", servers: ["web"], since: 0), of: ana)
        for number in 1...300 {
            let reading = UntrustedReading(session: "\(number)", servers: ["s"], since: number, until: number + 1)
            try store.note(reading, of: ana)
        }
        #expect(try store.readings(of: ana).count == 200)
        #expect(try store.untrustedServers(of: ana, changed: hour...hour) == ["web"])
    }
}
