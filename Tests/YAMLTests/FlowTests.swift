import JSON
import Testing
import YAML

@Suite struct FlowTests {
    @Test(
        arguments: [
            ("[]", []), ("[ ]", []), ("[a]", ["a"]), ("[a, b]", ["a", "b"]), ("[a,b]", ["a", "b"]),
            ("[a, b,]", ["a", "b"]), ("[ a b , 'c' , \"d\" ]", ["a b", "c", "d"]),
            ("[1, 1.5, true, null, ~]", [1, 1.5, true, nil, nil]), ("[[], [a], [[b]]]", [[], ["a"], [["b"]]]),
            ("[{a: 1}, {}]", [["a": 1], [:]]), ("[http://a.b/c?d=e#f, 12:30]", ["http://a.b/c?d=e#f", "12:30"]),
            ("[-1, -a, ?b, :c]", [-1, "-a", "?b", ":c"]), ("[a: 1, b]", [["a": 1], "b"]),
            ("[\"a\": 1, 'b':2]", [["a": 1], ["b": 2]]), ("[a: ]", [["a": nil]]),
            ("[a\n  b,\n\n  c\n\n  d]", ["a b", "c\nd"]), ("[a, # comment\n b # comment\n , c]", ["a", "b", "c"]),
            ("[\na\n,\nb\n]", ["a", "b"]), ("[a\n]", ["a"]), ("[{:a}]", [[":a": nil]]), ("[a\t,\tb]", ["a", "b"]),
            ("[a#b, 'c' #d\n]", ["a#b", "c"]),
        ] as [(String, JSON)])
    func readsLists(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
        #expect(try YAML.parse("key: \(text) # comment\nother: 1\n") == ["key": value, "other": 1])
        #expect(try YAML.parse("- \(text)\n- \(text)") == [value, value])
    }

    @Test(
        arguments: [
            ("{}", [:]), ("{ }", [:]), ("{a: 1}", ["a": 1]), ("{a: 1, b: 2,}", ["a": 1, "b": 2]),
            ("{a, b: 1}", ["a": nil, "b": 1]), ("{a: , b:}", ["a": nil, "b": nil]),
            ("{\"a\":1,'b':2}", ["a": 1, "b": 2]), ("{a:1}", ["a:1": nil]),
            ("{a: {b: {c: []}}}", ["a": ["b": ["c": []]]]), ("{a : b}", ["a": "b"]), ("{a b: c d}", ["a b": "c d"]),
            ("{a: http://b.c}", ["a": "http://b.c"]), ("{a: b:c}", ["a": "b:c"]),
            ("{\n  a: 1,\n  b: 2\n}", ["a": 1, "b": 2]), ("{a:\n  1,\nb\n  : 2}", ["a": 1, "b": 2]),
            ("{a: b\n  c}", ["a": "b c"]), ("{a:[1],b:{}}", ["a": [1], "b": [:]]),
        ] as [(String, JSON)])
    func readsMaps(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
        #expect(try YAML.parse("key: \(text) # comment\nother: 1\n") == ["key": value, "other": 1])
        #expect(try YAML.parse("- \(text)\n- \(text)") == [value, value])
    }

    @Test func readsJSON() throws {
        let text = #"{"a":[1,2.5e3,true,null,"x\n\u00e9\/"],"b":{"c":{}},"d":"e: # f"}"#
        #expect(try YAML.parse(text) == JSON.parse(text))
    }

    @Test func mayBeIndentedLessThanItsKey() throws {
        #expect(try YAML.parse("a:\n  b: [\nc,\n  d\n]\n  e: 1\n") == ["a": ["b": ["c", "d"], "e": 1]])
    }

    @Test(arguments: [
        "[", "{", "[a", "[a,", "{a", "{a:", "{a: b", "{a: b,", "[[]", "{a: []", "[a # ]", "[a\n---\n]", "[a\n...\n",
    ])
    func refusesABracketThatIsNeverClosed(text: String) throws {
        let error = try #require(yamlError("# a comment\nkey: \(text)\n\n"))
        #expect(error.reason == "the bracket is never closed")
        #expect(error.line == 2)
    }

    @Test func namesTheInnermostBracketThatIsNeverClosed() throws {
        #expect(try #require(yamlError("a: [\n  b,\n  {c: [d],\n  e: 1\n")).line == 3)
    }

    @Test(arguments: ["[a]: b", "{a: 1}: b", "[]: b", "[[a]: b]", "{[a]: b}", "{{a: 1}: b}", "- [a] : b", "a: [b]: c"])
    func refusesAListOrAMapAsAKey(text: String) throws {
        #expect(try #require(yamlError(text)).reason == "a list or a map cannot be a key")
    }

    @Test(arguments: [
        "[,]", "[a,,b]", "[a]]", "[a}", "{a]", "{,}", "{a: 1,, b: 2}", "[a] b", "{a: 1} b", "[- a]", "[-]",
        "[a, - b]", "{: a}", "{a: b: c}", "[a\n: b]", "[a, b\n c: d]", "['a' b]", "[a]#b", "['a'#b\n]",
        "a: b: [c]\nd: ]", "[@a]", "[|\n a]", "[a:\n- b]", "{#a\n}", "a: [b]\n  c",
    ])
    func refusesWhatIsNotWellFormed(text: String) {
        #expect(yamlError(text) != nil)
    }
}
