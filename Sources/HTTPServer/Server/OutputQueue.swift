/// Bytes that wait until the system takes them.
struct OutputQueue {
    private var pieces: [[UInt8]] = []
    private var first = 0
    /// How much of the first piece is sent.
    private var offset = 0

    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        pieces.append(piece)
        count += piece.count
    }

    /// Sends what the system takes at once.
    ///
    /// - Returns: how many bytes.
    /// - Throws: ``SocketError`` when the connection is gone.
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
        // Its memory is free before the row is trimmed.
        pieces[first] = []
        first += 1
        offset = 0
        if first == pieces.count || first >= 256 {
            pieces.removeFirst(first)
            first = 0
        }
    }
}
