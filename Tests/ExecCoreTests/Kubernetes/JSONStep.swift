import JSON

/// A step on the way to a value in a JSON value.
enum JSONStep: Sendable, Hashable, CustomStringConvertible {
    case name(String)
    case place(Int)

    /// The name; `nil` for a place.
    var text: String? {
        if case .name(let name) = self { name } else { nil }
    }

    var description: String {
        switch self {
        case .name(let name): name
        case .place(let place): "[\(place)]"
        }
    }
}

extension JSON {
    /// The value at a path. A place just beyond the end of an array adds to it; `nil` removes.
    subscript(path: [JSONStep]) -> JSON? {
        get { path.reduce(Optional(self)) { $0?[step: $1] } }
        set {
            guard let step = path.first else { return self = newValue ?? .null }
            let rest = Array(path.dropFirst())
            guard !rest.isEmpty else { return self[step: step] = newValue }
            var inner = self[step: step] ?? [:]
            inner[rest] = newValue
            self[step: step] = inner
        }
    }

    private subscript(step step: JSONStep) -> JSON? {
        get {
            switch step {
            case .name(let name): self[name]
            case .place(let place): arrayValue.flatMap { place < $0.count ? $0[place] : nil }
            }
        }
        set {
            switch step {
            case .name(let name):
                var object = objectValue ?? JSONObject()
                object[name] = newValue
                self = .object(object)
            case .place(let place):
                var array = arrayValue ?? []
                array.replaceSubrange(place..<min(place + 1, array.count), with: newValue.map { [$0] } ?? [])
                self = .array(array)
            }
        }
    }
}
