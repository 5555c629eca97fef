/// Which of the values in a text are replaced if they overlap: the longest.
enum ValueSelection {
    /// Returns values that don't overlap each other or one of `kept`, in order. One that overlaps a value that doesn't
    /// enter the sandbox doesn't either.
    static func chosen(from values: [DetectedValue], apartFrom kept: [Range<Int>]) -> [DetectedValue] {
        guard !values.isEmpty else { return [] }
        var values = values.sorted { ($0.range.lowerBound, $1.range.count) < ($1.range.lowerBound, $0.range.count) }
        if !kept.isEmpty {
            var next = 0
            values.removeAll { value in
                while next < kept.count, kept[next].upperBound <= value.range.lowerBound { next += 1 }
                return next < kept.count && kept[next].lowerBound < value.range.upperBound
            }
        }
        var chosen: [DetectedValue] = []
        var start = 0
        while start < values.count {
            // Values that are linked by overlaps.
            var (end, upper) = (start + 1, values[start].range.upperBound)
            while end < values.count, values[end].range.lowerBound < upper {
                upper = max(upper, values[end].range.upperBound)
                end += 1
            }
            if values[start].range.upperBound == upper {
                // It comes first and has all the others in it: a value that was both known and recognized, for example.
                var value = values[start]
                for other in values[start..<end] where other.servers != nil && value.servers == nil {
                    value = DetectedValue(
                        range: value.range, kind: value.kind, servers: commonServers(of: values[start..<end]))
                }
                chosen.append(value)
            } else {
                chosen += longest(of: values[start..<end])
            }
            start = end
        }
        return chosen
    }

    /// - Parameter values: at least one, in the order of their beginnings, all linked by overlaps.
    private static func longest(of values: ArraySlice<DetectedValue>) -> [DetectedValue] {
        let servers = commonServers(of: values)
        let sorted = values.sorted { ($1.range.count, $0.range.lowerBound) < ($0.range.count, $1.range.lowerBound) }
        let first = values[values.startIndex].range.lowerBound
        // Which bytes belong to a value that is chosen. What was chosen is no shorter than what comes after it: so an
        // overlap has the first or the last byte of the later one.
        var isTaken = [Bool](repeating: false, count: (values.map(\.range.upperBound).max() ?? first) - first)
        var chosen: [DetectedValue] = []
        for value in sorted where !value.range.isEmpty {
            let range = value.range.lowerBound - first..<value.range.upperBound - first
            guard !isTaken[range.lowerBound], !isTaken[range.upperBound - 1] else { continue }
            for place in range { isTaken[place] = true }
            chosen.append(DetectedValue(range: value.range, kind: value.kind, servers: value.servers ?? servers))
        }
        return chosen.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// The servers that may get all values that don't enter the sandbox; `nil` if there is no such value.
    private static func commonServers(of values: ArraySlice<DetectedValue>) -> Set<String>? {
        values.reduce(into: nil) { common, value in
            guard let servers = value.servers else { return }
            common = common?.intersection(servers) ?? servers
        }
    }
}
