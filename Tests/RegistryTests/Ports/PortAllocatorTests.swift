import Contracts
import Testing

@testable import Registry

@Suite struct PortAllocatorTests {
    let edge = RegistryWorld.edge
    let other = RegistryWorld.other

    private func candidate(
        _ edge: EdgeAddress, load: Int = 0, taken: Set<Int> = [], failures: Int = 0
    ) -> PortAllocator.Candidate {
        PortAllocator.Candidate(edge: edge, load: load, taken: taken, failures: failures)
    }

    @Test("the edge with the fewest clients is chosen")
    func fewest() {
        var allocator = PortAllocator(range: 8100...8109)
        let choice = allocator.choose(among: [candidate(edge, load: 3), candidate(other, load: 2)], at: .zero)
        #expect(choice == .port(other, 8100))
    }

    @Test("ports are given in turn, and a free one is found wherever it is")
    func inTurn() {
        var allocator = PortAllocator(range: 8100...8102)
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8100))
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8101))
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8102))
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8100))
        #expect(allocator.choose(among: [candidate(edge, taken: [8101, 8102])], at: .zero) == .port(edge, 8100))
    }

    @Test("a range of one port")
    func one() {
        var allocator = PortAllocator(range: 8100...8100)
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8100))
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8100))
        #expect(allocator.choose(among: [candidate(edge, taken: [8100])], at: .zero) == .exhausted(unbindable: 0))
    }

    @Test("a port that could not be bound rests, then is tried again")
    func rests() {
        var allocator = PortAllocator(range: 8100...8101)
        allocator.failed(8100, at: edge, now: .zero)
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, 8101))
        #expect(allocator.choose(among: [candidate(edge, taken: [8101])], at: .zero) == .exhausted(unbindable: 1))
        #expect(
            allocator.choose(among: [candidate(edge, taken: [8101])], at: PortAllocator.rest) == .port(edge, 8100))
    }

    @Test("an edge without a free port is passed over, and one that just failed comes last")
    func nextEdge() {
        var allocator = PortAllocator(range: 8100...8100)
        #expect(
            allocator.choose(among: [candidate(edge, taken: [8100]), candidate(other, load: 9)], at: .zero)
                == .port(other, 8100))
        #expect(
            allocator.choose(among: [candidate(edge, failures: 1), candidate(other, load: 9)], at: .zero)
                == .port(other, 8100))
    }

    @Test("without a range the system picks, and a wish does not fail there for ever")
    func unranged() {
        var allocator = PortAllocator(range: nil)
        #expect(allocator.choose(among: [candidate(edge)], at: .zero) == .port(edge, nil))
        #expect(
            allocator.choose(among: [candidate(edge, failures: PortAllocator.unrangedTries)], at: .zero)
                == .exhausted(unbindable: 1))
    }
}
