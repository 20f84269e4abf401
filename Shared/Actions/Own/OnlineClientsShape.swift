/// How `get_online_clients` wraps its list: clients in the field differ.
public enum OnlineClientsShape: String, Sendable, CaseIterable {
    /// `{"clients":[…]}`, as the original API document has it.
    case clients
    /// The bare array, the only thing the original's Java client reads.
    case array
}
