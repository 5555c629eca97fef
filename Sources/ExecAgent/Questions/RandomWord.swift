/// Random texts of lowercase letters and digits.
enum RandomWord {
    private static let signs = Array("0123456789abcdefghijklmnopqrstuvwxyz")

    static func make(_ length: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<length).map { _ in signs[Int.random(in: 0..<signs.count, using: &generator)] })
    }

    static func isWord(_ text: some StringProtocol, length: Int) -> Bool {
        text.utf8.count == length
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}
