/// Queue of bytes that the kernel has not accepted yet.
struct OutputQueue {
    private var pieces: [[UInt8]] = []
    private var first = 0
    /// Bytes of the first piece that are already sent.
    private var offset = 0

    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        count += piece.count
    }

    /// Sends as much as the kernel accepts without blocking.
    ///
    /// - Returns: the number of bytes sent.
    /// - Throws: ``SocketError`` if the connection is gone.
    mutating func send(to descriptor: Int32) throws(SocketError) -> Int {
        var sent = 0
        while first < pieces.count {
            let taken = try Socket.send(descriptor, pieces[first][offset...])
            guard taken > 0 else { break }
            sent += taken
            offset += taken
            if offset == pieces[first].count { dropFirst() }
        }
        count -= sent
        return sent
    }

    private mutating func dropFirst() {
        // Frees the piece's memory now, before the array itself is trimmed.
        pieces[first] = []
        first += 1
        offset = 0
        if first == pieces.count || first >= 256 {
            pieces.removeFirst(first)
            first = 0
        }
    }
}
