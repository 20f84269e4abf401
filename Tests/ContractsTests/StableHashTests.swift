import Contracts
import Testing

@Suite("A hash that every process agrees on")
struct StableHashTests {
    @Test(
        "it is this for ever",
        arguments: [
            ("", 0x4f2d_b50f_1240_40cd), ("a", 0x193f_1020_af07_6db5), ("group.30001", 0xb8e4_7693_54bc_4d4e),
            ("é", 0x7603_35ea_e80f_f27c),
        ] as [(String, UInt64)])
    func vectors(text: String, value: UInt64) {
        #expect(StableHash.hash(text) == value)
    }

    @Test("where one text ends and the next begins counts")
    func ends() {
        func hash(_ texts: String...) -> UInt64 {
            var hash = StableHash()
            for text in texts { hash.add(text) }
            return hash.value
        }
        #expect(hash("ab", "c") == 0x9399_8dd6_edc9_a3b3)
        #expect(hash("a", "bc") == 0x0372_a433_aa0f_e51e)
    }
}
