import Testing

@testable import ExecAgent

@Suite struct MultipartFormTests {
    private func parse(_ body: String, _ type: String = "multipart/form-data; boundary=b") -> MultipartForm? {
        MultipartForm(Array(body.utf8), contentType: type)
    }

    private static let file =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/csv\r\n\r\n"

    @Test func readsFieldsAndFiles() throws {
        let form = try #require(
            parse(
                "preamble\r\n--b \t\r\ncontent-disposition: form-data; name=purpose\r\n\r\nuser_data\r\n"
                    + Self.file + "one\r\ntwo\r\n--c\r\n\r\n--b--\r\nepilogue"))
        #expect(form.text("purpose") == "user_data")
        let file = try #require(form.file("file"))
        #expect(file.fileName == "a.txt")
        #expect(file.mediaType == "text/csv")
        #expect(String(decoding: form.bytes(of: file), as: UTF8.self) == "one\r\ntwo\r\n--c\r\n")
        #expect(form.text("file") == nil)
        #expect(form.file("purpose") == nil)
    }

    @Test(arguments: [
        (#"name="file"; filename="a b.txt""#, "a b.txt"), (#"name=file; filename=a.txt"#, "a.txt"),
        (#"name="file"; filename="ä;x=.txt""#, "ä;x=.txt"), (#"name="file"; filename="a\"b.txt""#, "a\"b.txt"),
        (#"name="file"; filename="a%22b.txt""#, "a\"b.txt"), (#"name="file"; filename="C:\x\a.txt""#, #"C:\x\a.txt"#),
        (#"filename=""; name="file""#, ""),
    ])
    func readsNames(parameters: String, name: String) throws {
        let form = try #require(parse("--b\r\nContent-Disposition: form-data; \(parameters)\r\n\r\nx\r\n--b--"))
        #expect(form.file("file")?.fileName == name)
    }

    @Test func readsAnEmptyFile() throws {
        let form = try #require(parse(Self.file + "\r\n--b--\r\n"))
        #expect(form.file("file").map { form.bytes(of: $0) } == [])
    }

    @Test func readsEveryByte() throws {
        let bytes = (0...255).map { UInt8($0) } + [0x0D, 0x0A, 0x0D]
        let form = try #require(
            MultipartForm(
                Array(Self.file.utf8) + bytes + Array("\r\n--b--".utf8),
                contentType: #"Multipart/Form-Data; boundary="b""#))
        #expect(form.file("file").map { form.bytes(of: $0) } == bytes)
    }

    @Test(arguments: [
        "", "--b", "--b--", "--b\r\n", "--b\r\n\r\nx\r\n--b--", file, file + "x", file + "x\r\n--b",
        "x" + file + "y\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--", "--b\r\nno colon\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "--bx\r\n" + file.dropFirst(5) + "y\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\nX: " + String(repeating: "x", count: 17_000)
            + "\r\n\r\nx\r\n--b--",
        String(repeating: "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n", count: 65) + "--b--",
    ])
    func refusesWhatIsNoForm(body: String) {
        let found = parse(body)
        #expect(found?.parts.isEmpty ?? true)
    }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/mixed; boundary=b", "text/plain; boundary=b",
        "multipart/form-data; boundary=",
    ])
    func refusesOtherTypes(type: String) {
        #expect(parse(Self.file + "x\r\n--b--", type) == nil)
    }
}
