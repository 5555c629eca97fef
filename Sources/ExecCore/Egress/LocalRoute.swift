#if canImport(Glibc)
    import Glibc

    /// Asks the kernel where it would route an address. Only the kernel can tell for certain: whole networks can be
    /// routed to the machine itself and look like any other from outside.
    enum LocalRoute {
        // From linux/netlink.h and linux/rtnetlink.h.
        private static let routing: Int32 = 0
        private static let requestType: UInt16 = 26
        private static let answerType: UInt16 = 24
        private static let isRequest: UInt16 = 1
        private static let destination: UInt16 = 1
        private static let local: UInt8 = 2
        private static let headerSize = 16
        private static let typePlace = 7

        /// Whether the routing table says that the address is the machine's own; `false` also if the kernel doesn't
        /// answer.
        static func leads(to address: IPAddress) -> Bool {
            let descriptor = socket(
                AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), routing)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            // The kernel answers before `send` returns.
            let question = question(address)
            var answer = [UInt8](repeating: 0, count: 4096)
            guard send(descriptor, question, question.count, 0) == question.count else { return false }
            let count = recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT))
            guard count > headerSize + typePlace else { return false }
            let type = answer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: UInt16.self) }
            return type == answerType && answer[headerSize + typePlace] == local
        }

        /// The request: a header, the address family, and the address as an attribute.
        private static func question(_ address: IPAddress) -> [UInt8] {
            let family = UInt8(address.isVersion4 ? AF_INET : AF_INET6)
            let route: [UInt8] = [family, UInt8(address.bytes.count * 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            let attribute = words(UInt16(4 + address.bytes.count), destination) + address.bytes
            let size = UInt32(headerSize + route.count + attribute.count)
            return words(size) + words(requestType, isRequest) + words(UInt32(1), 0) + route + attribute
        }

        private static func words<Word: FixedWidthInteger>(_ words: Word...) -> [UInt8] {
            words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } }
        }
    }
#else
    /// Without such a query, other checks have to do.
    enum LocalRoute {
        static func leads(to address: IPAddress) -> Bool { false }
    }
#endif
