import Testing

/// Generated inputs for everything that reads the bytes of a peer: none may trap, hang, or be misread. They run one
/// after another, so that it is known which one trapped.
///
/// `PERPETUA_FUZZ_INPUTS=10000000 swift test --filter FuzzTests` tries ten million; ``Fuzz`` has the other settings.
@Suite("Fuzzing", .serialized)
struct FuzzTests {}
