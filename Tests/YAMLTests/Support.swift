import YAML

/// The error that reading a document ends in; nil where it is read.
func yamlError(_ text: String) -> YAMLError? {
    do throws(YAMLError) {
        _ = try YAML.parse(text)
        return nil
    } catch {
        return error
    }
}
