#if canImport(Glibc)
    import CXattr
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file's metadata besides its owner and mode: extended attributes, which include access control lists.
enum FileAttributes {
    #if canImport(Glibc)
        private static let accessList = "system.posix_acl_access"
        /// The size limit for attributes. Linux itself limits the list of names and each value to this size.
        private static let sizeLimit = 64 << 10

        /// Copies the attributes of the file at `path` to the open file, and removes the access control list that it
        /// inherited from its directory.
        ///
        /// - Returns: `false` if some attributes can't be copied.
        static func copy(from path: String, to descriptor: Int32) -> Bool {
            guard let names = names(of: path) else { return false }
            let isRemoved =
                fremovexattr(descriptor, accessList) == 0 || errno == ENODATA || errno == ENOTSUP || errno == ENOSYS
            guard isRemoved else { return false }
            return names.allSatisfy { name in
                guard let value = value(of: name, path) else { return false }
                // Some attributes are set by the system and can't be set by a program.
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
        /// Copies the attributes of the file at `path` to the open file.
        ///
        /// - Returns: `false` if some attributes can't be copied.
        static func copy(from path: String, to descriptor: Int32) -> Bool {
            let source = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard source >= 0 else { return false }
            defer { close(source) }
            return fcopyfile(source, descriptor, nil, copyfile_flags_t(COPYFILE_ACL | COPYFILE_XATTR)) == 0
        }
    #endif
}
