import JSON
import Testing

@Suite struct ObjectTests {
    /// Sizes on both sides of the one at which an object begins to keep an index.
    static let sizes = [0, 1, 2, 15, 16, 17, 40]

    private func object(_ count: Int) -> JSONObject {
        var object = JSONObject()
        for number in 0..<count { object["n\(number)"] = .integer(number) }
        return object
    }

    @Test(arguments: sizes)
    func findsEveryMemberInOrder(count: Int) {
        let object = object(count)
        #expect(object.count == count)
        #expect(object.isEmpty == (count == 0))
        #expect(object.keys == (0..<count).map { "n\($0)" })
        #expect(object.map(\.value) == (0..<count).map { .integer($0) })
        #expect((0..<count).allSatisfy { object["n\($0)"] == .integer($0) })
        #expect(object["other"] == nil)
    }

    @Test(arguments: sizes)
    func replacesInPlace(count: Int) {
        var object = object(count)
        for number in 0..<count { object["n\(number)"] = "new" }
        #expect(object.keys == (0..<count).map { "n\($0)" })
        #expect(object.allSatisfy { $0.value == "new" })
    }

    @Test(arguments: sizes.filter { $0 > 0 })
    func removesAnyMemberAndKeepsTheOthers(count: Int) {
        for removed in 0..<count {
            var object = object(count)
            object["n\(removed)"] = nil
            #expect(object["n\(removed)"] == nil)
            #expect(object.keys == (0..<count).filter { $0 != removed }.map { "n\($0)" })
            #expect(object.allSatisfy { object[$0.key] == $0.value })
            object["n\(removed)"] = "back"
            #expect(object.keys.last == "n\(removed)")
            #expect(object["n\(removed)"] == "back")
        }
    }

    @Test func removingWhatIsNotThereChangesNothing() {
        var object = object(3)
        object["other"] = nil
        #expect(object == self.object(3))
    }

    @Test(arguments: sizes)
    func isEqualWhateverTheOrder(count: Int) {
        var reversed = JSONObject()
        for number in (0..<count).reversed() { reversed["n\(number)"] = .integer(number) }
        #expect(object(count) == reversed)
        reversed["n0"] = "other"
        #expect(object(count) != reversed)
    }

    @Test func differsWhereAMemberIsMissing() {
        #expect(["a": 1, "b": nil] as JSONObject != ["a": 1])
        #expect(["a": nil] as JSONObject != ["b": nil])
    }
}
