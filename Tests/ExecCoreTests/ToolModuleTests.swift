import TestSupport
import Testing

@testable import ExecCore

@Suite struct ToolModuleTests {
    @Test func readsWhatAModuleSaysOfItself() {
        let module = ToolModule(
            name: "file",
            docstring: """

                Name: something
                Description: Helps with
                  this and that: all of it.
                Version: 1.0
                Dependencies:
                - numpy

                Available Functions:
                - first(a, b=1): does one thing
                  and goes on
                * second(): does another

                Notes:
                - none(): of these
                """)
        #expect(module.name == "file")
        #expect(module.description == "Helps with this and that: all of it.")
        #expect(module.functions == ["first(a, b=1): does one thing and goes on", "second(): does another"])
    }

    @Test(arguments: ["", "Only a sentence.", "Available Functions:", "Description:", "- bullet(): of no list"])
    func makesDoWithLess(docstring: String) {
        let module = ToolModule(name: "m", docstring: docstring)
        #expect(module.description.isEmpty)
        #expect(module.functions.isEmpty)
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func readsItWhicheverWayLinesEnd(lineEnd: String) throws {
        let source = """
            # A comment
            \"""
            Name: m
            Description: Helps with
              this.

            Available Functions:
            - first(a): does one thing
              and goes on
            - second(): does another
            \"""
            import os
            """
        let place = try TemporaryDirectory()
        try place.write(
            source.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd), to: "m.py")
        let module = try #require(ToolModule.load(from: place.path).first)
        #expect(module.description == "Helps with this.")
        #expect(module.functions == ["first(a): does one thing and goes on", "second(): does another"])
    }

    @Test(arguments: [
        (#""""Text.""""#, "Text."), ("'''Text.'''", "Text."), ("'Text.'\n", "Text."), (#""Text." # c"#, "Text."),
        (#"r"""a\b""""#, #"a\b"#), (#"U"Text.""#, "Text."), ("\u{FEFF}'Text.'", "Text."),
        ("#!/usr/bin/python3\n# -*- coding: utf-8 -*-\n\n\"\"\"Text.\"\"\"\nimport os\n", "Text."),
        ("\"\"\"a\n\nb\"\"\"", "a\n\nb"), (#""""say "this" and ''that''.""""#, #"say "this" and ''that''."#),
        (#""""a \""" b""""#, #"a \""" b"#), ("\r\n'''a\r\nb'''\r\n", "a\r\nb"), ("# c\r'Text.'\r", "Text."),
        ("\"\u{301}Text.\"\u{301}", "\u{301}Text."), ("'a\\\r\nb'", "a\\\r\nb"), (#""""#, ""), (#""""""""#, ""),
    ])
    func findsTheDocstring(source: String, docstring: String) {
        #expect(ToolModule.moduleDocstring(of: source) == docstring)
    }

    @Test(arguments: [
        "", "# only a comment", "import os\n'''Text.'''", "x = 'a'", "\"\"\"no end", "'no end\n'", "b'bytes'", "f'{x}'",
        "\"\"\"no end\\\"\"\"", "'\\", "r", "\"\"\"\\",
    ])
    func findsNoneWhereThereIsNone(source: String) {
        #expect(ToolModule.moduleDocstring(of: source) == nil)
    }

    @Test func loadsThePublicModulesOfADirectory() throws {
        let place = try TemporaryDirectory()
        try place.write("'''Description: b'''", to: "b.py")
        try place.write("x = 1", to: "a.py")
        try place.write("'''Description: private'''", to: "_private.py")
        try place.write("'''Description: hidden'''", to: ".hidden.py")
        try place.write("'''Description: text'''", to: "text.txt")
        try place.write("'''Description: package'''", to: "package/__init__.py")
        try place.write([0x27, 0xFF, 0x27], to: "odd.py")
        let modules = ToolModule.load(from: place.path)
        #expect(modules.map(\.name) == ["a", "b", "odd"])
        #expect(modules.map(\.description) == ["", "b", ""])
        #expect(ToolModule.load(from: "/nonexistent") == [])
    }

    @Test func findsTheFunctionsOfTheShippedModules() {
        let modules = ToolModule.load(from: Repository.path + "/tools")
        #expect(modules.map(\.name) == ["artifact_validation", "sympy_helpers"])
        #expect(modules.allSatisfy { !$0.description.isEmpty })
        #expect(modules.first?.functions.map { $0.prefix { $0 != "(" } } == ["validate_artifact"])
        #expect(
            modules.last?.functions.map { $0.prefix { $0 != "(" } }
                == ["parse_expression", "to_latex", "from_latex", "pretty_print_str", "expression_to_dict"])
    }
}
