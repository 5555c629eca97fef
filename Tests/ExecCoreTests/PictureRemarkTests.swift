import JSON
import Testing

@testable import ExecCore

@Suite struct PictureRemarkTests {
    private static func scaled(_ from: JSON, _ to: JSON, _ size: JSON, _ type: JSON) -> JSON {
        ["media_type": "image/jpeg", "scaled": ["from": from, "to": to, "size": size, "type": type]]
    }

    @Test(
        arguments: [
            (
                scaled([6000, 4000], [1500, 1000], 4_812_345, "image/jpeg"), "image/jpeg",
                "Scaled down from 6000 × 4000 pixels, 4,812,345 bytes, to 1500 × 1000 pixels to fit 1 MB."
            ),
            (
                scaled([900, 900], [900, 900], 1_000_001, "image/png"), "image/jpeg",
                "Converted from 900 × 900 pixels, 1,000,001 bytes, to 900 × 900 pixels as JPEG to fit 1 MB."
            ),
            (
                scaled([3000, 10], [2000, 7], 123_456_789, "image/gif"), "image/png",
                """
                Scaled down from 3000 × 10 pixels, 123,456,789 bytes, to 2000 × 7 pixels as PNG to fit 1 MB. Only the first \
                frame of a GIF is shown.
                """
            ),
            (
                [
                    "scaled": [
                        "from": [9000, 10], "to": [2000, 2], "size": 342, "type": "image/png", "is_for_bytes": false,
                        "animated": true,
                    ]
                ], "image/png",
                """
                Scaled down from 9000 × 10 pixels, 342 bytes, to 2000 × 2 pixels to fit 2000 pixels a side. Only the first \
                frame of the animation is shown.
                """
            ),
            (
                ["unscaled": 2_000_000], "image/png",
                """
                Shown as it is, 2,000,000 bytes: the sandbox's image has no Pillow, which would scale it down to 1 MB.
                """
            ),
        ] as [(JSON, String, String)])
    func saysWhatWasDone(result: JSON, mediaType: String, remark: String) {
        #expect(PictureRemark.text(on: result, shownAs: mediaType) == remark)
    }

    @Test(
        arguments: [
            [:], .null, ["scaled": true], scaled([1], [1, 1], 1, "image/png"), scaled([1, 1], "x", 1, "image/png"),
            scaled([1, 1], [1, 1], "x", "image/png"), ["unscaled": "x"], ["unscaled": -2_000_000],
            ["unscaled": .integer(.max)], scaled([1, 1], [1, 1], .integer(.min), "image/png"),
            scaled([-1, 1], [1, 1], 1, "image/png"),
        ] as [JSON])
    func saysNothingWithoutFigures(result: JSON) {
        #expect(PictureRemark.text(on: result, shownAs: "image/jpeg") == nil)
    }

    @Test func namesTheLimitThatIsSet() {
        let result = Self.scaled([600, 400], [300, 200], 345_678, "image/png")
        #expect(
            PictureRemark.text(on: result, shownAs: "image/png", limit: 50_000)
                == "Scaled down from 600 × 400 pixels, 345,678 bytes, to 300 × 200 pixels to fit 50,000 bytes.")
    }

    @Test(
        arguments: [
            (
                ["described": ["type": "image/gif", "size": 1234, "sides": [30, 20]]],
                """
                A picture: image/gif, 30 × 20 pixels, 1,234 bytes. This server does not show pictures (--picture-limit \
                none). Inspect it with execute_bash, for example with Pillow.
                """
            ),
            (
                ["described": ["type": "image/jpeg", "size": 1, "sides": nil]],
                """
                A picture: image/jpeg, 1 bytes. This server does not show pictures (--picture-limit none). Inspect \
                it with execute_bash, for example with Pillow.
                """
            ),
            (["described": ["type": "image/jpeg", "size": -1]], nil), (["described": true], nil), ([:], nil),
        ] as [(JSON, String?)])
    func describesAPictureThatIsNotShown(result: JSON, remark: String?) {
        #expect(PictureRemark.description(of: result) == remark)
    }
}
