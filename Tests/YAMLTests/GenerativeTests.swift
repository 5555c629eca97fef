import JSON
import TestSupport
import Testing
import YAML

@Suite struct GenerativeTests {
    @Test(arguments: UInt64(1)...40)
    func readsAValueBackInWhateverStyleItIsWritten(seed: UInt64) throws {
        var emitter = YAMLEmitter(random: SplitMix64(seed: seed))
        for _ in 0..<50 {
            let value = emitter.random.value()
            let text = emitter.document(value)
            do throws(YAMLError) {
                #expect(try YAML.parse(text) == value, "\(text)")
            } catch {
                Issue.record("\(error)\n\(text)")
            }
        }
    }

    @Test(arguments: UInt64(1)...10)
    func readsJSONAsYAML(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<100 {
            let value = random.value()
            #expect(try YAML.parse(value.text) == value, "\(value.text)")
        }
    }
}
