import NIOCore
import NIOHTTP1

/// NIO's decoder of HTTP responses, for the one answer to our upgrade request.
///
/// NIO's own handler also looks at what is written, to know which requests the responses belong to, and traps on anything but
/// HTTP. It stays in the pipeline for a turn of the loop after the upgrade, while WebSocket frames may be written already. There
/// is one request here, and it is known: so this one does not look.
final class UpgradeResponseDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPClientResponsePart

    private let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes)

    init() {
        decoder.write(data: .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")))
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        try decoder.decode(context: context, buffer: &buffer)
    }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
