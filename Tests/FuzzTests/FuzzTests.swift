import Foundation
import TestSupport
import Testing

/// Every property on the inputs that are kept, and on thousands made of them, the same each time. `make fuzz` looks for
/// new ones for as long as it is given, led by coverage, and puts what it finds among those that are kept.
@Suite(.timeLimit(.minutes(5))) struct FuzzTests {
    private static let corpora = Repository.path + "/Tests/FuzzTests/Corpus"

    private func corpus(of property: Property) throws -> [(name: String, bytes: [UInt8])] {
        let directory = "\(Self.corpora)/\(property.name)"
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted().map { name in
            (name, Array(try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))))
        }
    }

    private func check(_ property: Property, _ bytes: [UInt8], _ source: String) {
        do throws(BrokenPropertyError) {
            try property.check(bytes)
        } catch {
            Issue.record("\(error) (\(source)): \(bytes) \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    @Test func everyCorpusHasItsProperty() throws {
        let directories = try FileManager.default.contentsOfDirectory(atPath: Self.corpora)
        #expect(directories.sorted() == Property.all.map(\.name).sorted())
    }

    @Test(arguments: Property.all)
    func holdsForTheInputsThatAreKept(property: Property) throws {
        let corpus = try corpus(of: property)
        #expect(!corpus.isEmpty)
        for input in corpus { check(property, input.bytes, input.name) }
    }

    @Test(arguments: Property.all, UInt64(1)...2)
    func holdsForWhatIsMadeOfThem(property: Property, seed: UInt64) throws {
        var mutator = Mutator(corpus: try corpus(of: property).map(\.bytes), seed: seed)
        for number in 0..<1000 { check(property, mutator.next(), "seed \(seed), number \(number)") }
    }
}
