import JSON
import MCP

@testable import BridgeModules

extension Property {
    /// Whatever a server calls and describes its tools, the Python that is written of it is text in literals.
    ///
    /// ``PythonModuleTests`` has python3 say the same of many at once.
    static let pythonModules = Property(name: "python-modules") { bytes throws(BrokenPropertyError) in
        let text = String(decoding: bytes, as: UTF8.self)
        let literal = PythonLiteral.string(text)
        try hold(readLiteral(literal) == Array(text.unicodeScalars), "the literal is another text")
        try hold(!literal.unicodeScalars.contains(where: PythonLiteral.isInvisible), "an invisible character")
        let docstring = PythonLiteral.docstring(text, indentation: 4)
        let inner = String(docstring.dropFirst(3).dropLast(3))
        try hold(readLiteral("\"" + inner + "\"") != nil, "the docstring ends before its end")
        let clean = PythonLiteral.docstringText(text)
        try hold(PythonLiteral.docstringText(clean).utf8.elementsEqual(clean.utf8), "cleaned twice is another text")
        let module = module(of: bytes)
        for function in module.functions {
            try hold(function.docstring.unicodeScalars.count <= 6_000, "a docstring over the limit")
            try hold(isWord(function.python), "not an identifier: \(function.python)")
            for parameter in function.parameters {
                try hold(isWord(parameter.python), "not an identifier: \(parameter.python)")
                try hold(!parameter.annotation.contains("\n"), "an annotation of two lines")
            }
        }
        let prompt = PromptSection([module]).text ?? ""
        try hold(
            !prompt.unicodeScalars.contains { $0 != "\n" && PythonLiteral.isInvisible($0) }, "hidden in the prompt")
        let search = ToolSearch([module])
        try hold(search.search(text).total == module.functions.count, "a tool is missing from the index")
        if let value = try? JSON.parse(bytes, .lenient) {
            let shape = ResultShape(value)
            try hold(ResultShape(stored: shape.stored) == shape, "the shape is stored as another one")
            try hold(shape.text.unicodeScalars.count <= 600, "a long shape")
        }
    }

    /// A server whose tools have the input everywhere a server may write something.
    static func module(of bytes: [UInt8]) -> ServerModule {
        let text = String(decoding: bytes, as: UTF8.self)
        let value = try? JSON.parse(bytes, .lenient)
        let half = String(text.unicodeScalars.prefix(text.unicodeScalars.count / 2))
        let schema: JSON = [
            "required": [.string(half)],
            "properties": .object([
                text: ["description": .string(text), "default": .string(half), "enum": [.string(half), 1]],
                half: ["title": .string(text), "format": .string(half), "pattern": .string(half)],
            ]),
        ]
        let tools: [(String, String, JSON)] = [
            (text, text, schema), (half, half, value ?? .string(text)), ("f", text, ["properties": value ?? [:]]),
        ]
        return ServerModule(
            server: half, module: ServerModule.moduleNames(for: [half])[0],
            tools: tools.map { name, description, input in
                Tool(
                    name: name, title: name, description: description, inputSchema: input, outputSchema: value,
                    annotations: value?.objectValue ?? [:])
            }, policies: ["f": text])
    }

    /// Reads a literal as Python does; `nil` if it isn't one on its own.
    private static func readLiteral(_ literal: String) -> [Unicode.Scalar]? {
        var rest = literal.unicodeScalars.dropFirst()
        guard let quote = literal.unicodeScalars.first else { return nil }
        var text: [Unicode.Scalar] = []
        while let scalar = rest.popFirst() {
            if scalar == quote { return rest.isEmpty ? text : nil }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "n": text.append("\n")
            case "r": text.append("\r")
            case "t": text.append("\t")
            case let mark? where mark == quote || mark == "\\": text.append(mark)
            case let mark?:
                guard let width = widths[mark] else { return nil }
                let digits = String(String.UnicodeScalarView(rest.prefix(width)))
                guard let value = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else { return nil }
                text.append(value)
                rest = rest.dropFirst(width)
            case nil: return nil
            }
        }
        return nil
    }

    private static let widths: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]

    private static func isWord(_ name: String) -> Bool {
        let scalars = name.unicodeScalars
        return scalars.first.map { $0 == "_" || $0.properties.isXIDStart } == true && scalars.count <= 64
            && scalars.allSatisfy { $0.properties.isXIDContinue }
    }
}
