import TestSupport
import Testing

/// What is shown of a command's output, and what is kept in a file besides.
@Suite(.timeLimit(.minutes(3))) struct GuestTerminalTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Runs `script` with `shown`, which captures a stream that comes in `pieces` and gives what is shown of it, with FILE
    /// for the name of a file that holds all of it.
    private func output(of script: String) async throws -> String {
        let heading = """
            import random
            directory = sys.argv[1]
            def shown(data, limit=32768, size=lambda: 1 << 20):
                capture, at = guest.output.Capture("stdout", limit, guest.output.Spool(directory)), 0
                while at < len(data):
                    count = size()
                    capture.add(data[at:at + count])
                    at += count
                text = capture.finish()
                for name in os.listdir(directory):
                    path = os.path.join(directory, name)
                    with open(path, "rb") as file: text = text.replace(path.encode(), b"FILE" if file.read() == data else b"PART")
                    os.unlink(path)
                return text

            """
        return try await GuestModules.run(heading + script, arguments: [directory.path])
    }

    private static let drawn = [
        // Nothing is drawn
        ("", ""), (#"a\r\nb\r\n"#, #"a\r\nb\r\n"#), (#"a\r"#, #"a\r"#), (#"a\tb\vc\f\n"#, #"a\tb\vc\f\n"#),
        (#"\xc3\xa9\n"#, #"\xc3\xa9\n"#), (#"\n\n"#, #"\n\n"#),
        // Over what stands there
        (#"10%\r20%\n"#, #"20%\n"#), (#"10%\r20%"#, "20%"), (#"abc\rx\n"#, #"xbc\n"#),
        (#"\r10%\r20%\r\n"#, #"20%\r\n"#),
        (#"12%\x08\x08\x0834%\n"#, #"34%\n"#), (#"a\r\r\n"#, #"a\r\n"#),
        (#"\xe2\x96\x88\xe2\x96\x88\rx\n"#, #"x\xe2\x96\x88\n"#),
        // Erased
        (#"abc\r\x1b[Kx\n"#, #"x\n"#), (#"abc\x1b[2K\rx\n"#, #"x\n"#), (#"abc\x1b[1K\rx\n"#, #"x  \n"#),
        (#"abc\x1b[1Gx\x1b[K\n"#, #"x\n"#), (#"abc\x1b[2Dx\n"#, #"axc\n"#), (#"a\x1b[3Cb\n"#, #"a   b\n"#),
        // Left out
        (#"\x1b[1;31mred\x1b[0m\n"#, #"red\n"#), (#"\x1b]0;title\x07a\n"#, #"a\n"#),
        (#"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n"#, #"link\n"#), (#"\x1b[?25la\x1b[?25h\x1b(B\n"#, #"a\n"#),
        (#"\x1b[2J\x1b[Htop\n"#, #"top\n"#), (#"a\x1bMb\n"#, #"ab\n"#),
        // Lines above
        (#"a\nb\n\x1b[1A\x1b[2Kc\n"#, #"a\nc\n"#), (#"one\ntwo\n\x1b[2A\x1b[K1\n\x1b[K2\n3\n"#, #"1\n2\n3\n"#),
        (#"\ro 1\n\ri 1\x1b[A\n\ri 2\x1b[A\ro 2\n\ri 3\n"#, #"o 2\ni 3\n"#), (#"\x1b[Aa\n"#, #"a\n"#),
        // Other control characters
        (#"tab\tcr\rbell\x07esc\x1b[31m\x7f"#, #"tab\tcr\rbell\x07esc\x1b[31m\x7f"#),
        (#"bell\x07\rz\n1\r2\n"#, #"bell\x07\rz\n2\n"#), (#"1\r2\n\x1b[1mx\x01\x1b[m\n"#, #"2\n\x1b[1mx\x01\x1b[m\n"#),
        // No text
        (#"a\0b\rc\n"#, #"a\0b\rc\n"#), (#"1\r2\na\rb\0c\rd\n"#, #"2\na\rb\0c\rd\n"#),
        (#"\x89PNG\r\n\x1a\n\x1b[31m\rX"#, #"\x89PNG\r\n\x1a\n\x1b[31m\rX"#),
        (#"caf\xe9\rx\n"#, #"caf\xe9\rx\n"#), (#"1\r2\n\x89PNG\r\n3\r4\n"#, #"2\n\x89PNG\r\n3\r4\n"#),
        // Not whole
        (#"a\x1b"#, #"a\x1b"#), (#"a\x1b[3"#, #"a\x1b[3"#), (#"1\r2\xe2\x94"#, #"2\xe2\x94"#),
    ]

    @Test(arguments: drawn)
    func showsWhatATerminalWould(data: String, expected: String) async throws {
        #expect(try await output(of: "print(shown(b'\(data)') == b'\(expected)', shown(b'\(data)'))").hasPrefix("True"))
    }

    @Test func itMakesNoDifferenceHowTheStreamIsCut() async throws {
        let script = """
            bars = "".join("\\r%3d%%|%-100s|" % (n // 3, "█" * (n // 3)) for n in range(301)).encode()
            nested = b"".join(b"\\ro %d" % n + b"".join(b"\\n\\ri %d\\x1b[A" % m for m in range(4)) for n in range(4))
            rows = b"".join(b"\\x1b[32mok\\x1b[0m %d\\r\\n" % n for n in range(3000))
            binary = [b"\\x89PNG\\r\\n\\x1a\\n\\x1b[31m\\rX\\n", b"text\\n\\x1b[1mcol\\0our\\x1b[0m\\rz\\n", b"1%\\r2%\\xe9\\r3%\\n"]
            binary += [b"y" * 5000 + b"\\0" + b"\\r1\\r2\\n" * 3, b"\\xe2\\x94A\\r1\\r2\\n", b"bell\\x07\\n1\\r2\\x07\\n\\x01"]
            lines = [bars, bars + b"\\n", b"before\\n" + nested + b"\\n\\n", rows, b"x" * 9000 + b"\\ry\\nz\\r1\\n"]
            for data in lines + binary:
                whole = shown(data)
                for seed in range(30):
                    generator = random.Random(seed)
                    pieces = shown(data, size=lambda: generator.choice([1, 2, 3, 7, 50, 3000]))
                    assert pieces == whole, (seed, data[:20], pieces[:200], whole[:200])
            print("the same")
            """
        #expect(try await output(of: script) == "the same\n")
    }

    @Test func ofManyBarsOneIsShownAndTheWholeIsInAFile() async throws {
        let script = """
            data = b"begin\\n" + b"".join(b"\\r%3d%%|%-40s|" % (n, b"#" * (n * 4 // 10)) for n in range(101)) + b"\\nend\\n"
            print(shown(data).decode())
            print(shown(data, 1024).decode())
            """
        let bar = "100%|########################################|"
        let shown = """
            begin
            \(bar)
            end
            [… 4600 characters were drawn over: the whole stdout, 4758 bytes, is in FILE …]


            """
        #expect(try await output(of: script) == shown + shown)
    }

    @Test func whatIsShownCountsTowardsTheLimit() async throws {
        let script = """
            lines = b"".join(b"%d\\n" % n for n in range(1000))
            data = b"\\r%10d" * 500 % tuple(range(500)) + b"\\n" + lines
            text = shown(data, 2000).decode()
            print(text[:12], text.count("FILE"), text.count("PART"), "bytes left out" in text, text[-8:])
            print(shown(b"\\x1b[31m" * 500 + b"few\\n", 2000))
            """
        #expect(try await output(of: script) == "       499\n0 1 0 True 998\n999\n\nb'few\\n'\n")
    }

    @Test func aLongRunOfNoCharactersBeginningIsCutAtOnce() async throws {
        let script = """
            data = b"\\x80" * 3_000_000
            print(len(shown(data, 1_000_000)) > 900_000, guest.output._first_bytes(data, 5), guest.output._last_bytes(data, 5))
            """
        #expect(
            try await output(of: script)
                == #"True b'\x80\x80\x80\x80\x80' b'\x80\x80\x80\x80\x80'"# + "\n")
    }
}
