import JSON
import Testing

@testable import ExecCore

@Suite struct PageRemarkTests {
    /// A page, and the remark on it; nil where none is needed.
    struct Page: Sendable {
        let result: JSON
        let offset: Int
        let isEmpty: Bool
        let remark: String?
    }

    @Test(
        arguments: [
            Page(result: ["lines": 3], offset: 0, isEmpty: false, remark: nil),
            Page(result: ["lines": 0], offset: 0, isEmpty: true, remark: "(empty file)"),
            Page(result: ["lines": 0], offset: 7, isEmpty: true, remark: "(no lines)"),
            Page(
                result: ["lines": 5, "next": 15], offset: 10, isEmpty: false,
                remark: "Lines 11 to 15 are shown; a page holds at most 100 bytes. Continue with offset=15."),
            Page(
                result: ["lines": 1, "next": 1, "line_cut_at": 90], offset: 0, isEmpty: false,
                remark: """
                    Line 1 is longer than a page: its first 90 bytes are shown. Continue with the next line at offset=1, or \
                    split the line with execute_bash.
                    """),
            Page(
                result: ["not_utf8": ["bytes": 3, "line": 2, "perhaps": ["GBK", "EUC-KR"]]], offset: 0, isEmpty: false,
                remark: """
                    This is not UTF-8: 3 bytes from line 2 on are shown as \u{FFFD}; perhaps GBK or EUC-KR. Do not write it \
                    back: that would destroy what is not shown. Convert the file first: iconv -f GBK -t UTF-8 FILE > NEW
                    """),
            Page(
                result: ["not_utf8": ["bytes": 1, "line": 1, "perhaps": ["x; rm -rf ~"]], "has_mark": true], offset: 0,
                isEmpty: false,
                remark: """
                    This is not UTF-8: 1 byte from line 1 on is shown as \u{FFFD}. Do not write it back: that would destroy \
                    what is not shown. Convert the file first: iconv -f ENCODING -t UTF-8 FILE > NEW
                    The file starts with a byte order mark (U+FEFF), the first character above: keep it when you edit.
                    """),
            // What no guest counts
            Page(result: ["lines": .integer(.max), "next": 5], offset: 0, isEmpty: false, remark: nil),
            Page(result: ["lines": -1, "next": 5], offset: 0, isEmpty: false, remark: nil),
            Page(result: ["lines": 1, "next": .integer(.min)], offset: 0, isEmpty: false, remark: nil),
            Page(result: ["not_utf8": ["bytes": -1, "line": 1]], offset: 0, isEmpty: false, remark: nil),
            Page(result: ["not_utf8": 7], offset: 0, isEmpty: false, remark: nil),
        ])
    func saysWhatThePageDoesNot(_ page: Page) {
        #expect(PageRemark.text(on: page.result, offset: page.offset, isEmpty: page.isEmpty, limit: 100) == page.remark)
    }

    @Test func anyNumbersOfTheChannelAreBorne() {
        let edge = 1 << 53
        let numbers: [JSON] = [
            .integer(.max), .integer(.min), -1, 0, .integer(edge), .integer(edge + 1), .double(1e300),
        ]
        for lines in numbers {
            for next in numbers {
                for cut in numbers {
                    let result: JSON = ["first": next, "lines": lines, "next": next, "line_cut_at": cut]
                    for offset in [0, 1 << 53] {
                        let text = PageRemark.text(on: result, offset: offset, isEmpty: false, limit: 1)
                        #expect(text?.isEmpty != true)
                    }
                }
            }
        }
    }
}
