package import JSON

/// Whose skills: one user's, or everybody's.
package enum SkillScope: Sendable, Hashable {
    case user(UserID)
    case shared
}

/// Something that a person decided about a skill.
package enum SkillEvent: Sendable, Equatable {
    case approved(SkillVersion)
    case revoked(name: String, SkillDecision)
    case rejected(name: String, digest: String, SkillDecision)

    /// The skill's name.
    package var name: String {
        switch self {
        case .approved(let version): version.name
        case .revoked(let name, _), .rejected(let name, _, _): name
        }
    }
}

/// Who decided, when and why.
package struct SkillDecision: Sendable, Equatable {
    package let person: String
    /// Seconds since 1970.
    package let time: Int
    /// In the person's words; empty if none were given.
    package let reason: String

    package init(person: String, time: Int, reason: String = "") {
        self.person = person
        self.time = time
        self.reason = reason
    }
}

/// Everything that was decided about the skills of one user, or about the shared ones, in order. What is approved now
/// follows from it.
package struct SkillIndex: Sendable, Equatable {
    private static let format = 1
    /// Beyond this, the oldest decisions that don't matter any more are forgotten.
    private static let maxEvents = 2000
    /// Maximum number of skills that are approved at once.
    package static let maxSkills = 100

    package private(set) var events: [SkillEvent] = []
    /// The highest version number of each skill, which outlasts forgotten decisions.
    private var numbers: [String: Int] = [:]

    package init() {}

    /// The approved version of each skill.
    package var current: [String: SkillVersion] {
        events.reduce(into: [:]) { current, event in
            switch event {
            case .approved(let version): current[version.name] = version
            case .revoked(let name, _): current[name] = nil
            case .rejected: break
            }
        }
    }

    /// The number of the next version of a skill.
    package func nextNumber(of name: String) -> Int { numbers[name, default: 0] + 1 }

    /// The last decision that rejected a draft with this digest; `nil` if it was not rejected.
    package func rejection(of name: String, digest: String) -> SkillDecision? {
        for case .rejected(name, digest, let decision) in events.reversed() { return decision }
        return nil
    }

    /// Adds a decision.
    mutating func add(_ event: SkillEvent) {
        events.append(event)
        if case .approved(let version) = event {
            numbers[version.name] = max(numbers[version.name, default: 0], version.number)
        }
        // Only then: what is approved follows from all events, so reading them would take time by their square.
        guard events.count > Self.maxEvents else { return }
        let kept = Set(current.values.map { "\($0.name)/\($0.number)" })
        while events.count > Self.maxEvents,
            let oldest = events.firstIndex(where: { event in
                guard case .approved(let version) = event else { return true }
                return !kept.contains("\(version.name)/\(version.number)")
            })
        {
            // A revocation goes with the approval before it, which is older and so was forgotten first.
            events.remove(at: oldest)
        }
    }

    // MARK: - Storage

    /// The form in which it is stored.
    package func json(of scope: SkillScope) -> JSON {
        var numbers = JSONObject()
        for (name, number) in self.numbers.sorted(by: { $0.key < $1.key }) { numbers[name] = .integer(number) }
        return [
            "format": .integer(Self.format), "of": scope.json, "versions": .object(numbers),
            "events": .array(events.map(Self.json)),
        ]
    }

    /// Reads what ``json(of:)`` wrote; `nil` if anything in it is not what that writes.
    package init?(_ value: JSON, of scope: SkillScope) {
        guard value["format"]?.integerValue == Self.format, value["of"] == scope.json,
            let numbers = value["versions"]?.objectValue, let stored = value["events"]?.arrayValue,
            stored.count <= Self.maxEvents
        else { return nil }
        for number in numbers {
            guard let number = number.value.integerValue, number > 0 else { return nil }
            _ = number
        }
        for number in numbers { self.numbers[number.key] = number.value.integerValue }
        for value in stored {
            guard let event = Self.event(value) else { return nil }
            add(event)
        }
    }

    private static func json(of event: SkillEvent) -> JSON {
        switch event {
        case .approved(let version):
            var members = version.json
            members["event"] = "approved"
            return .object(members)
        case .revoked(let name, let decision):
            return decision.json("revoked", name)
        case .rejected(let name, let digest, let decision):
            var members = decision.json("rejected", name).objectValue ?? JSONObject()
            members["digest"] = .string(digest)
            return .object(members)
        }
    }

    private static func event(_ value: JSON) -> SkillEvent? {
        guard let name = value["name"]?.stringValue, SkillContent.nameDefect(name) == nil else { return nil }
        switch value["event"]?.stringValue {
        case "approved": return SkillVersion(value).map(SkillEvent.approved)
        case "revoked": return SkillDecision(value).map { .revoked(name: name, $0) }
        case "rejected":
            guard let digest = value["digest"]?.stringValue, SkillVersion.isDigest(digest) else { return nil }
            return SkillDecision(value).map { .rejected(name: name, digest: digest, $0) }
        default: return nil
        }
    }
}

extension SkillScope {
    fileprivate var json: JSON {
        switch self {
        case .user(let user): ["user": .string(user.name)]
        case .shared: "shared"
        }
    }
}

extension SkillDecision {
    fileprivate func json(_ event: String, _ name: String) -> JSON {
        [
            "event": .string(event), "name": .string(name), "by": .string(person), "at": .integer(time),
            "reason": .string(reason),
        ]
    }

    fileprivate init?(_ value: JSON) {
        guard let person = value["by"]?.stringValue, let time = value["at"]?.integerValue,
            let reason = value["reason"]?.stringValue
        else { return nil }
        self.init(person: person, time: time, reason: reason)
    }
}
