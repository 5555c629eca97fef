import BridgeModulesTestSupport
import Foundation
import TestSupport
import Testing

/// The modules of ``Property/pythonModules``, read, imported and called by the machine's python3: many in one process.
@Suite(.timeLimit(.minutes(5))) struct PythonModuleTests {
    @Test(arguments: UInt64(1)...2)
    func whateverServersWriteIsDocumentationAndNeverCode(seed: UInt64) async throws {
        let corpus = "\(Repository.path)/Tests/FuzzTests/Corpus/\(Property.pythonModules.name)"
        let kept = try FileManager.default.contentsOfDirectory(atPath: corpus).sorted().map { name in
            Array(try Data(contentsOf: URL(filePath: "\(corpus)/\(name)")))
        }
        var mutator = Mutator(corpus: kept, seed: seed)
        let inputs = kept + (0..<200).map { _ in mutator.next() }
        let faults = try await PythonChecker.faults(of: inputs.map(Property.module(of:)))
        #expect(faults.isEmpty, "\(faults.prefix(3).joined(separator: "\n"))")
    }
}
