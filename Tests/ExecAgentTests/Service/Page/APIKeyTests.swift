import Testing

@testable import ExecAgent

/// Keys, and the users that they belong to.
@Suite struct APIKeyTests {
    struct Case: Sendable {
        let entry: String
        let text: String
        var user: String?
        var isOperator = true
    }

    @Test(arguments: [
        Case(entry: "0123456789abcdef", text: "0123456789abcdef"),
        Case(entry: "ann:0123456789abcdef", text: "0123456789abcdef", user: "ann", isOperator: false),
        Case(entry: "*ann:0123456789abcdef", text: "0123456789abcdef", user: "ann"),
        Case(entry: "ann:with:colon", text: "with:colon", user: "ann", isOperator: false),
        Case(entry: ":with:colon", text: "with:colon"),
        Case(entry: "no/name:key", text: "no/name:key"), Case(entry: "*", text: "*"), Case(entry: "*key", text: "*key"),
        Case(entry: "*:key", text: "*:key"), Case(entry: "hashed-x:key", text: "hashed-x:key"),
    ])
    func readsEntries(entry: Case) {
        let key = APIKey(parsing: entry.entry)
        #expect(key.text == entry.text)
        #expect(key.user == entry.user)
        #expect(key.isOperator == entry.isOperator)
    }

    @Test func findsTheKeyOfARequest() {
        let keys = APIKeys(["ann:anns-key", "bare-key", "*bob:bobs-key"])
        #expect(keys.key(of: "Bearer anns-key")?.user == "ann")
        #expect(keys.key(of: "bearer bare-key")?.user == nil)
        #expect(keys.key(of: "Bearer bobs-key")?.isOperator == true)
        for field in [nil, "", "Bearer", "Bearer ", "Bearer ann:anns-key", "Basic anns-key", "Bearer anns-key2"] {
            #expect(keys.key(of: field) == nil)
        }
    }
}
