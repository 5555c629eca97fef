import Testing

/// Everything against the real engine and the real image. One test at a time: what there is of containers is counted.
@Suite(.serialized, .timeLimit(.minutes(4))) enum EngineTests {}
