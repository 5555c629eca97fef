import JSON
import TestSupport
import Testing

/// What the guest tells of text that is not UTF-8.
@Suite(.timeLimit(.minutes(3))) struct GuestCharsetsTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// What `read_file` says of each file beside its path, where `contents` is Python for a list of bytes.
    private func read(_ contents: String, limit: Int = 1000, offset: Int = 0) async throws -> String {
        let script = """
            os.chdir(sys.argv[1])
            for content in \(contents):
                with open("file", "wb") as file: file.write(content)
                source, sink = os.pipe()
                params = {"file_path": os.path.abspath("file"), "offset": \(offset), "limit": \(limit)}
                try:
                    outcome = guest.files.read_file(params, None, sink)
                    del outcome["path"]
                except guest.files.OperationError as error:
                    outcome = str(error).replace(os.getcwd(), "DIR")
                os.close(sink)
                print(len(os.read(source, 99_999)), json.dumps(outcome))
            """
        return try await GuestModules.run(script, arguments: [directory.path])
    }

    private static let texts = [
        (#"["Größe,Straße\nMüller,äöü\n", "Le café est très cher", "¿Qué pasó?"]"#, "cp1252", "Windows-1252"),
        (#"["“quotes” – and …"]"#, "cp1252", "Windows-1252"),
        (#"["中文测试。这是一个简单的文本文件。\n", "中文\n"]"#, "gbk", "GBK"),
        (#"["這是一個簡單的文字檔案，用來檢查編碼。"]"#, "big5", "Big5"),
        (#"["これは簡単なテキストです。漢字とカタカナ。", "日本語\n"]"#, "cp932", "Shift_JIS"),
        (#"["これは簡単なテキストです。漢字とカタカナ。"]"#, "euc_jp", "EUC-JP"),
        (#"["이것은 인코딩을 확인하기 위한 텍스트 파일입니다."]"#, "euc_kr", "EUC-KR"),
        (#"["Это простой текст для проверки. Привет, мир!"]"#, "cp1251", "Windows-1251"),
        (#"["Имя,Возраст\nАнна,30\nБорис,41\n"]"#, "cp1251", "Windows-1251"),
        (#"["Это простой текст для проверки. Привет, мир!", "Имя,Возраст\nАнна,30\nБорис,41\n"]"#, "koi8_r", "KOI8-R"),
    ]

    @Test(arguments: texts)
    func guessesWhatIsLikely(texts: String, codec: String, name: String) async throws {
        let said = try await read("[text.encode('\(codec)') for text in \(texts)]")
        for line in said.split(separator: "\n") {
            #expect(line.contains(#""perhaps": [""# + name + #""]"#), "\(line)")
        }
    }

    @Test func guessesNothingThatIsNotLikely() async throws {
        let script = """
            [text.encode(codec) for codec, text in (
                ("cp1250", "Zażółć gęślą jaźń"), ("cp1253", "Αυτό είναι ένα απλό κείμενο για δοκιμή"),
                ("cp1254", "güneşli bir gün, ağaç ışık"), ("mac_roman", "Größe äöü"), ("cp866", "Это простой текст"),
                ("cp1255", "שלום עולם זה טקסט"), ("euc_kr", "한글"))] + [bytes(range(128, 256)), b"x\\xff", b"\\xfe\\xfd\\n" * 50]
            """
        let lines = try await read(script).split(separator: "\n")
        #expect(lines.count == 10)
        for line in lines { #expect(line.contains(#""perhaps": []"#), "\(line)") }
    }

    @Test func countsTheBytesOfThePage() async throws {
        #expect(
            try await read(#"[b"a\nb\ncaf\xe9 \xe9\n" + b"x" * 900 + b"\n" + b"\xff" * 500]"#) == """
                912 {"lines": 4, "next": 4, "not_utf8": {"bytes": 2, "line": 3, "perhaps": ["Windows-1252"]}}

                """)
        #expect(try await read(#"[b"\xe9\xfe\xfd\n" + b"plain\n" * 3]"#, offset: 1) == "18 {\"lines\": 3}\n")
        #expect(
            try await read(#"[b"one\n" + b"\xe9t\xe9\n"]"#, offset: 1) == """
                4 {"lines": 1, "not_utf8": {"bytes": 2, "line": 2, "perhaps": ["Windows-1252"]}}

                """)
    }

    @Test func whatThePageCutsThroughDoesNotCount() async throws {
        for width in 0..<4 {
            let said = try await read("[b' ' * \(width) + '日🚀é'.encode() * 500]")
            #expect(said.contains(#""line_cut_at""#), "\(said)")
            #expect(!said.contains("not_utf8"), "\(said)")
        }
        #expect(
            try await read(#"[b"\x80" * 3000]"#) == """
                996 {"lines": 1, "next": 1, "line_cut_at": 996, "not_utf8": {"bytes": 996, "line": 1, "perhaps": []}}

                """)
    }

    @Test func tellsOfMarksAndOldLineEnds() async throws {
        #expect(
            try await read(#"["\ufeffmark\n".encode(), b"a\rb\rc", b"a\r\nb\r\n", b"a\rb\n", b""]"#) == """
                8 {"lines": 1, "has_mark": true}
                5 {"lines": 1, "ends_lines_with_cr": true}
                6 {"lines": 2}
                4 {"lines": 1}
                0 {"lines": 0}

                """)
    }

    @Test func saysHowToReadWideText() async throws {
        let said = try await read(
            #"["text\n".encode("utf-16"), "text\n".encode("utf-16-le"), "text\n".encode("utf-16-be"), "a".encode("utf-32"), b"a\0\1\2\0\3"]"#
        ).split(separator: "\n")
        for (line, name) in zip(said, ["UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32"]) {
            #expect(line.contains("iconv -f \(name) -t UTF-8 'DIR/file' > NEW"), "\(line)")
        }
        #expect(said.last?.contains("binary data") == true)
        // Of two bytes a character there is an even number.
        for binary in try await read(#"[b"\0", b"a\0b", b"\0a\0", b"a\0b\0c"]"#).split(separator: "\n") {
            #expect(binary.contains("binary data"), "\(binary)")
        }
    }
}
