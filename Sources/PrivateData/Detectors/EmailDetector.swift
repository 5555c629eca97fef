/// Email addresses with a dotted domain. Not handles, nor the user before a host in a URL.
enum EmailDetector {
    private static var maxLocalPart: Int { 64 }
    private static var maxDomain: Int { 253 }
    /// How far before an address the start of a URL is looked for.
    private static let maxUserInfo = 128
    /// Kinds of units of a system that look like domains: `user@1000.service`.
    private static let unitKinds = ["service", "socket", "timer", "mount", "target", "slice", "scope"].map {
        Array($0.utf8)
    }
    /// Endings of files that are named after an address. None of them ends a domain.
    private static let fileKinds = ["csv", "txt", "json", "pdf", "xlsx", "docx", "html", "xml", "log", "yaml", "eml"]
        .map { Array($0.utf8) }
    /// What is computed of a matrix. Hardly any address ends in one of them.
    private static let attributes = Set(
        [
            "mean", "sum", "max", "min", "std", "var", "dot", "shape", "reshape", "size", "dtype", "flatten", "ravel",
            "astype", "copy", "conj", "item", "items", "values", "keys", "cpu", "gpu", "cuda", "grad", "detach",
            "numpy",
            "tolist", "view", "inv", "transpose", "real", "imag", "diagonal", "trace", "cumsum", "argmax", "argmin",
            "permute",
            "squeeze", "unsqueeze", "float", "double", "half", "clone", "contiguous", "norm", "matmul", "round", "clip",
        ].map { Array($0.utf8) })
    private static let digests = ["sha1", "sha256", "sha384", "sha512", "md5"].map { Array($0.utf8) }
    private static let pictureKinds = ["png", "jpg", "jpeg", "gif", "svg", "webp"].map { Array($0.utf8) }

    /// Returns the range of the address around an `@`, or around its escape in a URL; `nil` if none.
    ///
    /// - Parameter signLength: 1 for `@`, 3 for `%40`.
    static func match(in text: ScannedText, sign: Int, signLength: Int) -> Range<Int>? {
        guard let end = endOfDomain(in: text, from: sign + signLength) else { return nil }
        guard let start = startOfLocalPart(in: text, to: sign), !isUserInfo(text, start) else { return nil }
        // How `git clone` names a repository.
        if sign - start == 3, text.bytes[start..<sign].elementsEqual("git".utf8) { return nil }
        return start..<end
    }

    // MARK: - Before the sign

    private static func startOfLocalPart(in text: ScannedText, to sign: Int) -> Int? {
        var start = sign
        while start > 0, sign - start < maxLocalPart {
            let byte = text[start - 1]
            if byte.isAlphanumeric || isSign(byte) {
                start -= 1
            } else if byte.isContinuation, isLetter(text, at: start - 2) {
                start -= 2
            } else {
                break
            }
        }
        // The letter of `\n`, and the digits of `%20`, are before the address.
        if text[start - 1] == UInt8(ascii: "\\"), start + 1 < sign {
            if text[start] == UInt8(ascii: "u"), start + 5 < sign, (1...4).allSatisfy({ text[start + $0].isHexDigit }) {
                start += 5
            } else if text[start] == UInt8(ascii: "x"), start + 3 < sign,
                (1...2).allSatisfy({ text[start + $0].isHexDigit })
            {
                start += 3
            } else if text.isEscape(before: start + 1) {
                start += 1
            }
        } else if text[start - 1] == UInt8(ascii: "%"), start + 2 < sign, text.isEscape(before: start + 2) {
            start += 2
        }
        while start < sign, ".+-".utf8.contains(text[start]) { start += 1 }
        guard start < sign, text[sign - 1] != UInt8(ascii: ".") else { return nil }
        return start
    }

    /// Whether a local part may have this sign within.
    private static func isSign(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    }

    /// Whether a letter of two bytes starts here: Latin with marks, Greek, Cyrillic, and others up to U+07FF.
    private static func isLetter(_ text: ScannedText, at place: Int) -> Bool {
        let (lead, next) = (text[place], text[place + 1])
        guard lead >= 0xC3, lead <= 0xDF, next.isContinuation else { return false }
        // × and ÷.
        return lead != 0xC3 || next != 0x97 && next != 0xB7
    }

    private static func isUserInfo(_ text: ScannedText, _ start: Int) -> Bool {
        var place = start
        while place > 0, start - place < maxUserInfo {
            let byte = text[place - 1]
            if byte == UInt8(ascii: "/") {
                return text[place - 2] == UInt8(ascii: "/") && text[place - 3] == UInt8(ascii: ":")
            }
            guard byte > 0x20, !"?#\"'<>,;()".utf8.contains(byte) else { return false }
            place -= 1
        }
        return false
    }

    // MARK: - After the sign

    private static func endOfDomain(in text: ScannedText, from start: Int) -> Int? {
        var end = start
        while end - start < maxDomain {
            if text[end].isAlphanumeric || text[end] == UInt8(ascii: "-") || text[end] == UInt8(ascii: ".") {
                end += 1
            } else if isLetter(text, at: end) {
                end += 2
            } else {
                break
            }
        }
        // Nothing after an empty label is part of it.
        var empty = start
        while empty < end, text[empty] != UInt8(ascii: ".") || text[empty + 1] != UInt8(ascii: ".") { empty += 1 }
        end = min(end, empty)
        guard text[start] != UInt8(ascii: ".") else { return nil }
        while end > start {
            while end > start, text[end - 1] == UInt8(ascii: ".") || text[end - 1] == UInt8(ascii: "-") { end -= 1 }
            guard let dot = text.bytes[start..<end].lastIndex(of: UInt8(ascii: ".")) else { return nil }
            let last = text.bytes[dot + 1..<end]
            let isFile =
                text.bytes[start..<dot].contains(UInt8(ascii: ".")) && fileKinds.contains { last.elementsEqual($0) }
            if isTopLevel(last), !isFile {
                let labels = text.bytes[start..<dot].split(
                    separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                return isDomain(labels[...], last) && !isCode(text, labels, last, end) ? end : nil
            }
            end = dot
        }
        return nil
    }

    /// Whether an operator and a name of a program only look like an address: `w@x.mean`, `a@b.transpose()`,
    /// `image@sha256.abc`.
    private static func isCode(
        _ text: ScannedText, _ labels: [Slice<UnsafeBufferPointer<UInt8>>], _ last: Slice<UnsafeBufferPointer<UInt8>>,
        _ end: Int
    ) -> Bool {
        guard labels.count == 1, let name = labels.first else { return false }
        if digests.contains(where: { name.elementsEqual($0) }) { return true }
        if attributes.contains(Array(last)) { return true }
        return text[end] == UInt8(ascii: "(") && last.count > 3 && last.allSatisfy(\.isLowercaseLetter)
    }

    private static func isTopLevel(_ label: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        if label.starts(with: "xn--".utf8) { return label.count > 4 }
        return (2...24).contains(label.count) && label.allSatisfy { $0.isLetter || $0 >= 0x80 }
    }

    private static func isDomain(
        _ labels: ArraySlice<Slice<UnsafeBufferPointer<UInt8>>>, _ last: Slice<UnsafeBufferPointer<UInt8>>
    ) -> Bool {
        guard let first = labels.first, let name = labels.last, first.first != UInt8(ascii: "-"),
            !unitKinds.contains(where: { last.elementsEqual($0) })
        else { return false }
        // A version and a file's ending, `name@4.17.21.tgz`. But 163.com is a large provider.
        if labels.count > 1, labels.allSatisfy({ $0.allSatisfy(\.isDigit) }) { return false }
        // A picture for displays with small pixels: `icon@2x.png`.
        let isScale = name.last == UInt8(ascii: "x") && name.dropLast().allSatisfy(\.isDigit) && name.count > 1
        return !(isScale && labels.count == 1 && pictureKinds.contains(where: { last.elementsEqual($0) }))
    }
}
