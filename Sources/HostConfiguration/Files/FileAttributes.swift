#if canImport(Glibc)
    import CXattr
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a file carries besides its content, owner and mode: extended attributes, and in them access control lists.
enum FileAttributes {
    #if canImport(Glibc)
        private static let accessList = "system.posix_acl_access"
        /// The most that is carried over. Linux lets names and values be no longer than this.
        private static let sizeLimit = 64 << 10

        /// Gives the open file what the one at `path` carries, and takes away the access control list that its directory
        /// gave it.
        ///
        /// - Returns: false where some of it cannot be carried over.
        static func copy(from path: String, to descriptor: Int32) -> Bool {
            guard let names = names(of: path) else { return false }
            let isRemoved =
                fremovexattr(descriptor, accessList) == 0 || errno == ENODATA || errno == ENOTSUP || errno == ENOSYS
            guard isRemoved else { return false }
            return names.allSatisfy { name in
                guard let value = value(of: name, path) else { return false }
                // The system sets some by itself, and lets nobody set them.
                if value == self.value(of: name, descriptor) { return true }
                return fsetxattr(descriptor, name, value, value.count, 0) == 0
            }
        }

        private static func names(of path: String) -> [String]? {
            var buffer = [CChar](repeating: 0, count: sizeLimit)
            let count = listxattr(path, &buffer, buffer.count)
            guard count >= 0 else { return errno == ENOTSUP || errno == ENOSYS ? [] : nil }
            return buffer[..<count].split(separator: 0).map { name in
                String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }

        private static func value(of name: String, _ path: String) -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: sizeLimit)
            let count = getxattr(path, name, &buffer, buffer.count)
            return count < 0 ? nil : Array(buffer[..<count])
        }

        private static func value(of name: String, _ descriptor: Int32) -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: sizeLimit)
            let count = fgetxattr(descriptor, name, &buffer, buffer.count)
            return count < 0 ? nil : Array(buffer[..<count])
        }
    #elseif canImport(Darwin)
        /// Gives the open file what the one at `path` carries.
        ///
        /// - Returns: false where some of it cannot be carried over.
        static func copy(from path: String, to descriptor: Int32) -> Bool {
            let source = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard source >= 0 else { return false }
            defer { close(source) }
            return fcopyfile(source, descriptor, nil, copyfile_flags_t(COPYFILE_ACL | COPYFILE_XATTR)) == 0
        }
    #endif
}
