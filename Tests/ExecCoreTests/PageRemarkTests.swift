import JSON
import Testing

@testable import ExecCore

@Suite struct PageRemarkTests {
    @Test(
        arguments: [
            (["lines": 3], 0, false, nil),
            (["lines": 0], 0, true, "(empty file)"), (["lines": 0], 7, true, "(no lines)"),
            (
                ["lines": 5, "next": 15], 10, false,
                "Lines 11 to 15 are shown; a page holds at most 100 bytes. Continue with offset=15."
            ),
            (
                ["lines": 1, "next": 1, "line_cut_at": 90], 0, false,
                """
                Line 1 is longer than a page: its first 90 bytes are shown. Continue with the next line at offset=1, or cut \
                the line up with execute_bash.
                """
            ),
            (
                ["not_utf8": ["bytes": 3, "line": 2, "perhaps": ["GBK", "EUC-KR"]]], 0, false,
                """
                This is not UTF-8: 3 bytes from line 2 on are shown as \u{FFFD}; perhaps GBK or EUC-KR. Do not write it \
                back, which would destroy what is not shown. Convert the file first: iconv -f GBK -t UTF-8 FILE > NEW
                """
            ),
            (
                ["not_utf8": ["bytes": 1, "line": 1, "perhaps": ["x; rm -rf ~"]], "has_mark": true], 0, false,
                """
                This is not UTF-8: 1 byte from line 1 on is shown as \u{FFFD}. Do not write it back, which would destroy \
                what is not shown. Convert the file first: iconv -f ENCODING -t UTF-8 FILE > NEW
                The file begins with a byte order mark (U+FEFF), the first character above: keep it in an edit.
                """
            ),
            // What no guest counts
            (["lines": .integer(.max), "next": 5], 0, false, nil), (["lines": -1, "next": 5], 0, false, nil),
            (["lines": 1, "next": .integer(.min)], 0, false, nil),
            (["not_utf8": ["bytes": -1, "line": 1]], 0, false, nil), (["not_utf8": 7], 0, false, nil),
        ] as [(JSON, Int, Bool, String?)])
    func saysWhatThePageDoesNot(result: JSON, offset: Int, isEmpty: Bool, remark: String?) {
        #expect(PageRemark.text(on: result, offset: offset, isEmpty: isEmpty, limit: 100) == remark)
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
