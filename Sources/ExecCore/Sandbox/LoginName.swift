import Hashing
import SystemCalls

extension UserID {
    /// The user derived from the account that this process runs as, so that two people on one machine don't share a
    /// sandbox unless they ask for it; see ``init(login:)``. `default` if the account has no name.
    ///
    /// The name comes from the account database, not from `LOGNAME` or `USER`: hosts don't always pass these on, and
    /// programs that switch accounts leave another person's values in them. The database may be on another machine, so
    /// the look-up happens when the user is first needed, not at server startup.
    public static let ofThisAccount =
        loginName(of: getuid()).flatMap { UserID(login: $0) } ?? UserID(trusted: "default")

    /// The user for an account name: the name itself if it matches ``pattern``. In any other name, characters that
    /// don't fit become hyphens, and a digest of the whole name is appended, so that different names stay different
    /// users. `nil` for an empty name.
    ///
    /// - Parameter login: the name's bytes, in any encoding.
    public init?(login: [UInt8]) {
        guard !login.isEmpty else { return nil }
        if let user = String(validating: login, as: UTF8.self).flatMap({ UserID($0) }) {
            self = user
            return
        }
        let fitting = login.map { UserID.isAllowed($0) ? $0 : UInt8(ascii: "-") }
        let shown = String(decoding: fitting.drop { !UserID.isAlphanumeric($0) }.prefix(40), as: UTF8.self)
        let digest = SHA256.hexDigest(of: login).prefix(12)
        self.init(trusted: (shown.isEmpty ? "user" : shown) + "-" + digest)
    }

    /// The name of an account; `nil` if the system knows none.
    static func loginName(of account: uid_t) -> [UInt8]? {
        var size = 1024
        while size <= 1 << 20 {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var buffer = [CChar](repeating: 0, count: size)
            let (status, name): (Int32, [UInt8]?) = buffer.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return (ENOMEM, nil) }
                let status = getpwuid_r(account, &entry, start, buffer.count, &found)
                // Optional on some systems only.
                let text: UnsafeMutablePointer<CChar>? = status == 0 ? found?.pointee.pw_name : nil
                guard let text else { return (status, nil) }
                return (status, Array(UnsafeRawBufferPointer(start: text, count: strlen(text))))
            }
            guard status == ERANGE || status == EINTR else { return name }
            if status == ERANGE { size *= 4 }
        }
        return nil
    }
}
