import EmbeddedFiles
import JSON
import Testing

@testable import ExecCore

/// How the guest's program becomes modules.
@Suite(.timeLimit(.minutes(3))) struct GuestLoadingTests {
    /// Runs `script`, which knows `loaded()`, the names of the modules that are compiled.
    private func output(of script: String, sources: [String: String] = [:]) async throws -> String {
        let heading = """
            def loaded():
                names = [name for name in vars(guest) if type(vars(guest)[name]) is type(sys)]
                return [name for name in names if name != "script"]

            """
        return try await GuestModules.run(heading + script, sources: sources)
    }

    @Test func compilesAModuleAtItsFirstUse() async throws {
        let script = """
            from guest import frames, pictures
            print(loaded())
            print(frames.CALL, loaded())
            """
        #expect(try await output(of: script) == "[]\n2 ['frames']\n")
    }

    @Test func loadsTheRestOnce() async throws {
        let script = """
            from guest import frames
            before = frames.CALL, frames
            print(guest.load_all(), guest.load_all(), before == (frames.CALL, guest.frames), len(loaded()))
            """
        let modules = EmbeddedFiles.guestModules.all.filter { !$0.text.hasPrefix("#!") }.count
        #expect(try await output(of: script) == "True False True \(modules)\n")
    }

    @Test(arguments: [
        (SandboxConfiguration.Python.plain, false, ["instant", "seal"]), (.instant, false, ["seal"]),
        (.plain, true, ["instant"]), (.instant, true, []),
    ])
    func modulesThatAreNotNeededAreLeftOut(
        python: SandboxConfiguration.Python, isSealed: Bool, left: [String]
    ) throws {
        var configuration = SandboxConfiguration()
        configuration.python = python
        let payload = GuestProgram.bootstrapPayload(
            for: configuration, limits: Limits(), isEngineLocal: true, key: isSealed ? SealKey() : nil)
        let start = try #require(payload.firstIndex(of: UInt8(ascii: "\n"))) + 5
        let modules = try JSON.parse(Array(payload[start...]))["modules"]?.arrayValue ?? []
        let names = modules.compactMap { $0.arrayValue?.first?.stringValue }
        #expect(names == EmbeddedFiles.guestModules.all.map(\.name).filter { !left.contains($0) })
    }

    @Test func aModuleThatCannotBeLoadedNowIsLoadedAtItsNextUse() async throws {
        let script = """
            from guest import formats
            sys.failures = 1
            for _ in range(2):
                try:
                    print(formats.VALUE)
                except MemoryError:
                    print(loaded())
            """
        let formats = """
            import sys
            sys.failures -= 1
            if sys.failures == 0: raise MemoryError
            VALUE = 7
            """
        #expect(try await output(of: script, sources: ["formats": formats]) == "[]\n7\n")
    }

    @Test func modulesMayUseEachOtherWhileTheyAreLoaded() async throws {
        let formats = """
            from guest import pictures
            FIRST = 1
            SECOND = pictures.SECOND
            """
        let pictures = """
            from guest import formats
            SECOND = formats.FIRST + 1
            """
        let script = """
            from guest import formats
            print(formats.SECOND)
            """
        #expect(
            try await output(of: script, sources: ["formats": formats, "pictures": pictures]) == "2\n")
    }

    @Test func whatIsSetInAModuleStays() async throws {
        let script = """
            guest.frames.CALL = 99
            print(guest.frames.CALL, guest.frames.DATA)
            """
        #expect(try await output(of: script) == "99 3\n")
    }

    @Test func aNameThatAModuleDoesNotHaveIsAnError() async throws {
        let script = """
            from guest import formats
            try:
                formats.nothing
            except AttributeError as error:
                print(error)
            """
        #expect(try await output(of: script) == "module 'guest.formats' has no attribute 'nothing'\n")
    }
}
