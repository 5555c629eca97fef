import ExecCore
import Testing

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("chart.png", "image/png"), ("CHART.PNG", "image/png"), ("a.tar.gz", "application/gzip"),
        ("report.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("deck.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("table.parquet", "application/vnd.apache.parquet"), ("notes.ipynb", "application/x-ipynb+json"),
        ("song.mp3", "audio/mpeg"), ("drawing.svg", "image/svg+xml"), ("settings.toml", "application/toml"),
        ("README", "application/octet-stream"), ("odd.", "application/octet-stream"),
        ("png", "application/octet-stream"), ("", "application/octet-stream"),
    ])
    func goesByTheNameAlone(name: String, type: String) {
        #expect(MediaType.ofFile(named: name) == type)
    }

    @Test(arguments: [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a.txt", "image/png"),
        ([0xFF, 0xD8, 0xFF, 0xE0], "a.png", "image/jpeg"),
        (Array("GIF89a".utf8), "a", "image/gif"),
        (Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "a.wav", "image/webp"),
        (Array("RIFF\0\0\0\0WAVEfmt ".utf8), "a.wav", "audio/wav"),
        (Array("%PDF-1.7".utf8), "a.html", "application/pdf"),
        ([0x50, 0x4B, 3, 4], "a", "application/zip"), ([0x50, 0x4B, 5, 6], "empty.zip", "application/zip"),
        ([0x50, 0x4B, 3, 4], "a.txt", "application/zip"),
        (
            [0x50, 0x4B, 3, 4], "table.XLSX",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        ),
        ([0x1F, 0x8B, 8, 0], "a.csv", "application/gzip"),
    ])
    func theContentWinsWhereItIsCertain(content: [UInt8], name: String, type: String) {
        #expect(MediaType.of(content, named: name) == type)
    }

    @Test(
        arguments: [
            (Array("a,b\n".utf8), "a.csv", "text/csv"), (Array("a,b\n".utf8), "a.unheard", "text/plain"),
            (Array("grün\n".utf8), "LICENSE", "text/plain"), ([], "empty", "text/plain"),
            ([0x61, 0], "data", "application/octet-stream"), ([0x61, 0xFF], "data", "application/octet-stream"),
            ([0x61, 0], "table.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (Array("no picture".utf8), "a.png", "text/plain"), ([0, 1], "a.jpg", "application/octet-stream"),
            (Array("<p>".utf8), "a.pdf", "text/plain"), (Array("<svg/>".utf8), "a.svg", "image/svg+xml"),
            (Array("PK".utf8), "data", "text/plain"), (Array("RIFF".utf8), "data", "text/plain"),
        ] as [([UInt8], String, String)])
    func otherwiseTheNameAndThenTheText(content: [UInt8], name: String, type: String) {
        #expect(MediaType.of(content, named: name) == type)
    }
}
