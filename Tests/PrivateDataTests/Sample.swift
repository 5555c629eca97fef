import JSON

@testable import PrivateData

/// Values that are nobody's: each in the form that its kind has.
enum Sample {
    static let email = "ada.lovelace@analytical.example.com"
    static let phone = "+44 20 7946 0958"
    static let ssn = "536-22-8726"
    static let card = "4539 1488 0343 6467"
    static let iban = "DE89 3704 0044 0532 0130 00"
    static let ip = "10.20.30.40"
    static let all = [email, phone, ssn, card, iban, ip]
}

func makeVault(
    _ mode: PrivateDataMode = .all, key: UInt8 = 7, patterns: [String] = [],
    capacity: Int = PrivateDataVault.defaultCapacity
) -> PrivateDataVault {
    PrivateDataVault(
        mode: mode, key: [UInt8](repeating: key, count: 32),
        patterns: patterns.compactMap { try? PrivateDataPattern($0) },
        capacity: capacity)
}

/// Returns what detectors find in a text, as `kind:value`, in order.
func found(_ text: String, field: String = "", patterns: [String] = []) -> [String] {
    let set = DetectorSet(patterns: patterns.compactMap { try? PrivateDataPattern($0) })
    return text.withBytes { bytes in
        let scanned = ScannedText(bytes: bytes, field: Array(field.utf8))
        return ValueSelection.chosen(from: set.values(in: scanned), apartFrom: []).map { value in
            "\(value.kind.name):\(String(decoding: bytes[value.range], as: UTF8.self))"
        }
    }
}

/// The tokens in a text.
func tokens(in text: String) -> [String] {
    text.withBytes { bytes in
        let kinds = Set(PrivateDataKind.builtIn.map { Array($0.name.utf8) })
        return TokenSyntax.all(in: ScannedText(bytes: bytes), kinds: kinds).filter(\.isToken).map {
            String(decoding: bytes[$0.range], as: UTF8.self)
        }
    }
}
