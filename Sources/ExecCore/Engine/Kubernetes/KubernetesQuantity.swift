import SystemCalls

/// An amount as Kubernetes writes it. The API server rewrites amounts: `1000m` becomes `1`, `2000000000` becomes `2G`.
struct KubernetesQuantity: Equatable {
    /// In thousandths, so that no usual amount has a fraction.
    private let thousandths: Double

    /// - Returns: `nil` if `text` isn't a valid amount.
    init?(_ text: String) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") }
        guard let value = Double(number), let scale = Self.scale(of: text.dropFirst(number.count)) else { return nil }
        thousandths = value * scale
    }

    /// How many thousandths the unit of a suffix has.
    private static func scale(of suffix: Substring) -> Double? {
        if let scale = scales[String(suffix)] { return scale }
        // A decimal exponent, such as that of 12e6.
        guard let first = suffix.first, "eE".contains(first), let exponent = Int(suffix.dropFirst()) else { return nil }
        return pow(10, Double(exponent + 3))
    }

    private static let scales: [String: Double] = [
        "": 1e3, "n": 1e-6, "u": 1e-3, "m": 1, "k": 1e6, "M": 1e9, "G": 1e12, "T": 1e15, "P": 1e18, "E": 1e21,
        "Ki": 0x1p10 * 1e3, "Mi": 0x1p20 * 1e3, "Gi": 0x1p30 * 1e3, "Ti": 0x1p40 * 1e3, "Pi": 0x1p50 * 1e3,
        "Ei": 0x1p60 * 1e3,
    ]
}
