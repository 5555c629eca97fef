import Foundation
import Testing

@testable import JSON

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func writesTheVectorsOfTheStandard(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }

    @Test func writesEveryDigit() {
        let bytes = (0..<64).reduce(into: [UInt8](repeating: 0, count: 48)) { bytes, digit in
            let bit = digit * 6
            let word = UInt16(digit) << (10 - bit % 8)
            bytes[bit / 8] |= UInt8(word >> 8)
            if bit % 8 > 2 { bytes[bit / 8 + 1] |= UInt8(word & 0xFF) }
        }
        #expect(Base64.encode(bytes) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    }

    @Test func agreesWithAnotherWriterOnRandomBytesOfEveryLength() {
        for count in Array(0...70) + [1000, 65_537] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
            #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
        }
    }

    @Test func readsWhatItWroteWithAndWithoutPadding() {
        for count in Array(0...70) + [1000, 65_537] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
            let text = Base64.encode(bytes)
            #expect(Base64.decode(text) == bytes)
            #expect(Base64.decode(String(text.prefix { $0 != "=" })) == bytes)
        }
    }

    @Test(arguments: [("Zm9v\r\nYmFy\n", "foobar"), (" Z g = = ", "f"), ("\n", "")])
    func passesOverWhiteSpace(text: String, decoded: String) {
        #expect(Base64.decode(text) == Array(decoded.utf8))
    }

    @Test(arguments: ["Z", "Zm9vY", "Zg=", "Zg===", "=", "Zm9v=", "Zg==Zg==", "Zm-_", "Zm9\u{0}", "Zmé9"])
    func refusesWhatIsNoBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
