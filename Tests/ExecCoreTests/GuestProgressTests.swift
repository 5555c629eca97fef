import Testing

/// How the guest finds the line to tell of, and when.
@Suite(.timeLimit(.minutes(3))) struct GuestProgressTests {
    private func output(of script: String) async throws -> String {
        try await GuestModules.run("progress = guest.progress\n" + script)
    }

    @Test(arguments: [
        (#"one\ntwo\n"#, "two"), (#"one\ntwo"#, "two"), (#"one\n\n  \n"#, "one"), (#""#, ""), (#"\n\n"#, ""),
        (#" 10%\r 20%\r"#, "20%"), (#"a\r\nb\r\n"#, "b"), (#"\x1b[32mgreen\x1b[0m\n\x1b[K"#, "green"),
        (#"\x1b]0;title\x07text\x1b[3"#, "text"), (#"\xc3\xa9 \xe6\x97"#, "é"), (#"\xa9tail"#, "tail"),
        (#"a\tb\x00\x7f\x08"#, "a b"),
    ])
    func findsTheNewestLine(data: String, line: String) async throws {
        #expect(try await output(of: "print(progress.newest_line(b'\(data)'), end='')") == line)
    }

    @Test func cutsALongLineAtACharacter() async throws {
        let printed = try await output(of: "print(progress.newest_line('aé'.encode() * 300), end='')")
        #expect(printed.utf8.count == 511 || printed.utf8.count == 512)
        #expect(printed.hasPrefix("aéaé"))
        #expect(!printed.contains("\u{FFFD}"))
    }

    @Test func tellsFourTimesASecondAtMost() async throws {
        let script = """
            p, said = progress.Progress(), []
            def step(now, *pieces):
                for piece in pieces: p.add(*piece)
                said.append(p.line_if_due(now).decode())
            step(10.0)
            step(10.0, (1, b"one\\n"))
            step(10.1, (1, b"two\\n"))
            due = p.due()
            step(10.2, (2, b"warning\\n"))
            step(10.25)
            step(10.3)
            step(10.6, (2, b"warning\\n"))
            step(10.7, (1, b"thr"), (1, b"ee"))
            step(10.8, (1, b"\\n"))
            step(11.0)
            print(said, due)
            """
        #expect(
            try await output(of: script)
                == "['', 'one', '', '', 'warning', '', 'warning', '', '', 'three'] 10.25\n")
    }
}
