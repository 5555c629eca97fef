import Hashing
import Testing

@Suite struct HMACTests {
    /// RFC 4231, section 4.
    @Test(
        arguments: [
            (
                Array(repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                Array(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ] as [([UInt8], String, String)])
    func isTheCodeOfTheStandard(key: [UInt8], message: String, code: String) {
        #expect(Hex.digits(of: HMAC.sha256(of: Array(message.utf8), key: key)) == code)
    }

    @Test func digestsInBytesAndInDigitsAreTheSame() {
        for text in ["", "abc", String(repeating: "x", count: 200)] {
            #expect(Hex.digits(of: SHA256.digest(of: Array(text.utf8))) == SHA256.hexDigest(of: text))
        }
    }

    @Test func comparesWholeCodes() {
        let code = HMAC.sha256(of: [1], key: [2])
        #expect(HMAC.areEqual(code, code))
        #expect(!HMAC.areEqual(code, Array(code.dropLast())))
        for place in code.indices {
            var other = code
            other[place] ^= 0x80
            #expect(!HMAC.areEqual(code, other))
        }
    }
}
