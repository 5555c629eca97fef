import PrivateData
import Testing

@testable import ExecMCP

@Suite struct RedactedFileTests {
    private static func vault() -> PrivateDataVault {
        PrivateDataVault(mode: .all, key: [UInt8](repeating: 7, count: 32))
    }

    private static func text(_ name: String) -> [UInt8] {
        Array(String(repeating: "\(name)@example.org wrote\n", count: 100).utf8)
    }

    /// Replaces the values of files, and counts how often.
    private final class Reader {
        let file = RedactedFile()
        var count = 0
        /// What another call does after values were replaced.
        var meanwhile: () -> Void = {}

        func read(_ bytes: [UInt8], by vault: PrivateDataVault, upTo end: Int) -> String {
            let redacted = file.redacted(bytes, by: vault, upTo: end) { bytes in
                count += 1
                let redaction = vault.redaction(of: String(decoding: bytes, as: UTF8.self))
                meanwhile()
                return (Array(redaction.text.utf8), redaction.revision)
            }
            return String(decoding: redacted, as: UTF8.self)
        }
    }

    @Test func aFileThatIsReadInPartsIsReplacedOnce() {
        let (reader, vault) = (Reader(), Self.vault())
        let parts = [10, 20, 30, Int.max].map { reader.read(Self.text("ann"), by: vault, upTo: $0) }
        #expect(reader.count == 1)
        #expect(Set(parts).count == 1)
        #expect(parts[0].hasPrefix("<email-"))
        // It is forgotten once its end was read.
        _ = reader.read(Self.text("ann"), by: vault, upTo: 10)
        #expect(reader.count == 2)
    }

    @Test func anotherFileOrSessionIsReplacedByItself() {
        let (reader, vault) = (Reader(), Self.vault())
        let ann = reader.read(Self.text("ann"), by: vault, upTo: 10)
        #expect(reader.read(Self.text("bob"), by: vault, upTo: 10) != ann)
        #expect(reader.read(Self.text("ann"), by: vault, upTo: 10) == ann)
        #expect(reader.count == 3)
        _ = reader.read(Self.text("ann"), by: Self.vault(), upTo: 20)
        #expect(reader.count == 4)
    }

    @Test func whatIsLearntBetweenTwoPartsIsReplacedInTheSecond() {
        let (reader, vault) = (Reader(), Self.vault())
        // No address by its form.
        let bytes = Self.text("x") + Array("card of ann@intranet\n".utf8)
        #expect(reader.read(bytes, by: vault, upTo: 10).contains("ann@intranet"))
        _ = vault.redact("phone: 5551234567")
        _ = reader.read(bytes, by: vault, upTo: 20)
        #expect(reader.count == 2)
        _ = reader.read(bytes, by: vault, upTo: 30)
        #expect(reader.count == 2)
    }

    @Test func whatAnotherCallTeachesMeanwhileIsReplacedInTheNextPart() {
        let (reader, vault) = (Reader(), Self.vault())
        let bytes = Self.text("ann")
        reader.meanwhile = { _ = vault.redact("bob@example.org") }
        _ = reader.read(bytes, by: vault, upTo: 10)
        reader.meanwhile = {}
        _ = reader.read(bytes, by: vault, upTo: 20)
        #expect(reader.count == 2)
        _ = reader.read(bytes, by: vault, upTo: 30)
        #expect(reader.count == 2)
    }
}
