import Testing

/// The whole of Perpetua against scripted bots and clients. One test at a time: each has both cores to itself.
@Suite(.serialized)
enum EndToEnd {}
