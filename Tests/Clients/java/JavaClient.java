import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.illtamer.perpetua.sdk.entity.transfer.entity.Client;
import com.illtamer.perpetua.sdk.event.Event;
import com.illtamer.perpetua.sdk.event.distributed.ClientBroadcastCallbackEvent;
import com.illtamer.perpetua.sdk.event.distributed.ClientBroadcastEvent;
import com.illtamer.perpetua.sdk.event.message.GroupMessageEvent;
import com.illtamer.perpetua.sdk.event.meta.HeartbeatEvent;
import com.illtamer.perpetua.sdk.event.meta.LifecycleEvent;
import com.illtamer.perpetua.sdk.event.notice.ClientStatusChangeEvent;
import com.illtamer.perpetua.sdk.exception.APIInvokeException;
import com.illtamer.perpetua.sdk.handler.OpenAPIHandling;
import com.illtamer.perpetua.sdk.handler.enhance.SetClientNameHandler;
import com.illtamer.perpetua.sdk.websocket.OneBotConnection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * What the perpetua Java client does with a perpetua: connecting, events, actions, broadcasts, and what it makes of an end. run.sh says
 * where everything is. The client has one connection in a process, and begins each by the call that begins the first.
 */
public final class JavaClient {
    private static final int API_PORT = Integer.parseInt(System.getenv("API_PORT"));
    private static final String MASTER = System.getenv("MASTER");
    private static final String CHOOSY = System.getenv("CHOOSY");
    private static final String PINGED = System.getenv("PINGED");
    private static final String APART = System.getenv("APART");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        Log.keep();
        int status = 0;
        try (Perpetua perpetua = new Perpetua()) {
            run(perpetua);
            System.out.println("All of it holds.");
        } catch (Failed failure) {
            System.err.println("FAILED  " + failure.getMessage());
            status = 1;
        } catch (Exception failure) {
            failure.printStackTrace();
            status = 1;
        }
        if (status != 0) {
            System.err.println("-- the client's last lines:");
            Log.lines.stream().skip(Math.max(0, Log.lines.size() - 20)).forEach(System.err::println);
        }
        // The client's threads would keep the process.
        System.exit(status);
    }

    private static void run(Perpetua perpetua) throws Exception {
        perpetua.start(Map.of("OPEN_DISCOVERY", "false"));
        isRefusedWithoutOpenDiscovery();
        perpetua.stop();

        perpetua.start(Map.of());
        isRefusedWithAnotherToken();
        isRefusedWithoutABot();
        isRefusedByASilentBot();
        Connection connection = Connection.open(MASTER);
        connectsAndKnowsItsAccount(connection);
        answersAMessage(connection, "first");
        hearsOddText(connection, "odd [text] & more");
        misreadsWhatItDoesNotKnow(connection);
        isListed();
        broadcasts(connection);
        outlivesItsBot(connection);
        endsWithPerpetua(connection, perpetua);

        perpetua.start(Map.of("ONLINE_CLIENTS_SHAPE", "clients"));
        connection = Connection.open(MASTER);
        answersAMessage(connection, "in the second run");
        cannotReadTheListAsClients();
        endsWithAKilledPerpetua(connection, perpetua);

        perpetua.start(Map.of());
        endsWithALargeEvent(Connection.open(MASTER));
        endsWithAPing("ping_interval", PINGED);
        endsWithAPing("one_answer_per_write", APART);
        connection = Connection.open(CHOOSY);
        connectsAndKnowsItsAccount(connection);
        isListed();
        emit("x".repeat(9 << 20), Map.of("raw_message", "x"));
        answersAMessage(connection, "with everything chosen");
        hearsOddText(connection, "odd &#91;text&#93; &amp; more");
        getsWhatItChose(connection);
        broadcasts(connection);
    }

    // What has to hold

    private static void isRefusedWithoutOpenDiscovery() throws Exception {
        Exception refusal = Connection.refusal(MASTER);
        check(refusal.getMessage().contains("Unexpected status: 401"), "without api.open_discovery start fails with 401", refusal);
    }

    private static void isRefusedWithAnotherToken() throws Exception {
        Exception refusal = Connection.refusal("another-token");
        check(refusal.getMessage().contains("403"), "with another token the handshake fails with 403", refusal);
    }

    private static void isRefusedWithoutABot() throws Exception {
        call("simulate", Map.of("drop", true, "away_ms", 1500));
        until("the bot is gone", () -> !is(post("get_login_info", Map.of()), "status", "ok"));
        Exception refusal = Connection.refusal(MASTER);
        check(refusal.getMessage().contains("retcode: 1503"), "while the bot is away start fails at once with 1503", refusal);
        until("the bot is back", () -> is(post("get_login_info", Map.of()), "status", "ok"));
    }

    private static void isRefusedByASilentBot() throws Exception {
        call("simulate", Map.of("silent", true));
        Instant before = Instant.now();
        Exception refusal = Connection.refusal(MASTER);
        check(Duration.between(before, Instant.now()).toSeconds() >= 9, "where the bot answers nothing start fails after 10 s", refusal);
        call("simulate", Map.of("silent", false));
    }

    private static void connectsAndKnowsItsAccount(Connection connection) throws Exception {
        connection.wait("lifecycle", LifecycleEvent.class, event -> event.getSubType().equals("connect"));
        check(OneBotConnection.getLoginInfo().getUserId() == 10001, "it is connected, has its lifecycle and knows its account",
            OneBotConnection.getLoginInfo());
    }

    private static void isListed() throws Exception {
        until("it is listed under its name", () -> OpenAPIHandling.getClientList().stream()
            .anyMatch(client -> "java".equals(client.getClientName())));
        passed("it is listed under the name it gave itself on lifecycle");
    }

    private static void answersAMessage(Connection connection, String word) throws Exception {
        int before = connection.heard("pong").size();
        emit("greet " + word, Map.of());
        connection.wait("the message " + word, GroupMessageEvent.class, event -> text(event).equals("greet " + word));
        // The simulated bot answers what holds "ping" with "pong".
        until("the reply reached the group", () -> connection.heard("pong").size() > before);
        check(connection.heard("greet " + word).size() == 1, "a group message comes once, its reply reaches the group", connection.texts());
        String odd = "a [b] & c, \"d\" \uD83D\uDE00";
        int id = OpenAPIHandling.sendGroupMessage(odd, 30001);
        JsonObject segment = call("get_msg", Map.of("message_id", id)).getAsJsonArray("message").get(0).getAsJsonObject();
        check(is(segment.getAsJsonObject("data"), "text", odd), "what it sends arrives as it is", segment);
    }

    /** What a string escapes by the letter of OneBot stays escaped in its text. */
    private static void hearsOddText(Connection connection, String heard) throws Exception {
        emit("odd [text] & more", Map.of());
        until("it has odd text", () -> connection.texts().stream().anyMatch(text -> text.startsWith("odd ")));
        check(connection.heard(heard).size() == 1, "of odd [text] & more it reads " + heard, connection.texts());
    }

    /** It knows no post_type `message_sent`, and no message_id beyond 31 bits. */
    private static void misreadsWhatItDoesNotKnow(Connection connection) throws Exception {
        emit("of the account itself", Map.of("post_type", "message_sent", "user_id", 10001));
        emit("with a large id", Map.of("message_id", 3248073960L));
        answersAMessage(connection, "after these");
        check(connection.heard("of the account itself").isEmpty(), "it loses what the account sends itself", connection.texts());
        int id = connection.all(GroupMessageEvent.class).filter(event -> text(event).equals("with a large id")).findFirst()
            .orElseThrow().getMessageId();
        check(id == (int) 3248073960L, "a message_id beyond 31 bits becomes another one", id);
    }

    private static void getsWhatItChose(Connection connection) throws Exception {
        emit("in a group that is left out", Map.of("group_id", 30009));
        emit("in a group that is not listed", Map.of("group_id", 30008));
        emit("of a user who is left out", Map.of("user_id", 20008));
        emit("of a user who is not listed", Map.of("user_id", 20009));
        emit("of the account itself", Map.of("post_type", "message_sent", "user_id", 10001));
        answersAMessage(connection, "after all these");
        check(connection.texts().stream().noneMatch(text -> text.startsWith("in a group") || text.startsWith("of a user")),
            "groups and users that are left out or not listed stay away", connection.texts());
        check(connection.heard("of the account itself").size() == 1, "what the account sends is a message", connection.texts());
        connection.wait("a heartbeat", HeartbeatEvent.class, event -> event.getInterval() == 500);
        try (Peer peer = new Peer()) {
            peer.call("set_client_name", Map.of("name", "company"));
            answersAMessage(connection, "with company");
        }
        List<ClientStatusChangeEvent> others = connection.all(ClientStatusChangeEvent.class)
            .filter(event -> !event.getSelfClient()).toList();
        check(others.isEmpty(), "heartbeats come as often as chosen, and no other clients' status", others);
    }

    private static void broadcasts(Connection connection) throws Exception {
        try (Peer peer = new Peer()) {
            peer.call("set_client_name", Map.of("name", "peer"));
            Client target = new Client();
            target.setClientName("peer");
            String uuid = OpenAPIHandling.sendBroadcastData("to the peer", target);
            JsonObject broadcast = peer.receive("the broadcast", frame -> is(frame, "distributed_type", "broadcast"));
            check(is(broadcast, "data", "to the peer") && is(broadcast, "uuid", uuid), "its broadcast arrives", broadcast);
            peer.call("send_broadcast_data_callback", Map.of("client", broadcast.get("client"), "data", "back", "uuid", uuid));
            connection.wait("the callback", ClientBroadcastCallbackEvent.class,
                event -> event.getData().equals("back") && event.getUuid().equals(uuid));
            passed("it hears the callback to its broadcast");
            peer.call("send_broadcast_data", Map.of("data", "to java", "clients", List.of(Map.of("client_name", "java"))));
            JsonObject callback = peer.receive("its callback", frame -> is(frame, "distributed_type", "broadcast_callback"));
            check(is(callback, "data", "heard: to java"), "it answers a broadcast with a callback", callback);
        }
    }

    private static void outlivesItsBot(Connection connection) throws Exception {
        call("simulate", Map.of("drop", true, "away_ms", 1500));
        until("a call fails while the bot is away", () -> fails(1503));
        check(OneBotConnection.isRunning(), "while the bot is away a call fails at once, and it stays connected", "");
        until("a call works again", () -> !fails(1503));
        answersAMessage(connection, "after the bot came back");
    }

    private static void endsWithPerpetua(Connection connection, Perpetua perpetua) throws Exception {
        Log.lines.clear();
        perpetua.stop();
        connection.hasEnded("after an orderly stop");
        check(Log.has("WebSocket Client received closing"), "it is told of an orderly stop", Log.lines);
        Instant before = Instant.now();
        Exception failure = failure(OpenAPIHandling::getLoginInfo);
        check(Duration.between(before, Instant.now()).toSeconds() >= 9, "a call without a connection fails after 10 s", failure);
        failure = Connection.refusal(MASTER);
        check(failure instanceof IOException, "start fails at once while Perpetua is away", failure);
    }

    private static void endsWithAKilledPerpetua(Connection connection, Perpetua perpetua) throws Exception {
        Log.lines.clear();
        perpetua.kill();
        connection.hasEnded("after kill -9");
        check(!Log.has("WebSocket Client received closing"), "it is told nothing when Perpetua is killed", Log.lines);
    }

    private static void cannotReadTheListAsClients() throws Exception {
        Exception failure = failure(OpenAPIHandling::getClientList);
        check(failure instanceof JsonParseException, "it cannot read the list unless api.online_clients_shape is array", failure);
    }

    private static void endsWithALargeEvent(Connection connection) throws Exception {
        emit("x".repeat(9 << 20), Map.of("raw_message", "x"));
        connection.hasEnded("after an event of more than 8 MiB");
    }

    private static void endsWithAPing(String choice, String token) throws Exception {
        new Connection(token).hasEnded("with " + choice + ", after the first ping,");
    }

    // How it is driven

    /** One call of the client's `start`, on a thread of its own: it returns when the connection has ended. */
    private static final class Connection {
        private final List<Event> events = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Exception> end = new CompletableFuture<>();

        private Connection(String token) {
            Thread thread = new Thread(() -> {
                try {
                    OneBotConnection.start("127.0.0.1", API_PORT, token, this::hears);
                    end.complete(null);
                } catch (Exception failure) {
                    end.complete(failure);
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        static Connection open(String token) throws Exception {
            Connection connection = new Connection(token);
            until("it is connected", () -> OneBotConnection.isRunning() || connection.end.isDone());
            check(OneBotConnection.isRunning(), "start connects", connection.end);
            return connection;
        }

        /** Why `start` failed. */
        static Exception refusal(String token) throws Exception {
            Exception failure = new Connection(token).end.get(20, TimeUnit.SECONDS);
            if (failure == null) {
                throw new Failed("start returned without a word");
            }
            return failure;
        }

        private void hears(Event event) {
            events.add(event);
            if (event instanceof LifecycleEvent) {
                // Each connection is a new client to Perpetua: it has no name yet.
                new SetClientNameHandler().setName("java").requestAsync();
            } else if (event instanceof GroupMessageEvent message && text(message).startsWith("greet ")) {
                message.reply("ping " + text(message));
            } else if (event instanceof ClientBroadcastEvent broadcast) {
                broadcast.callback("heard: " + broadcast.getData());
            }
        }

        <E extends Event> Stream<E> all(Class<E> type) {
            return events.stream().filter(type::isInstance).map(type::cast);
        }

        List<String> texts() {
            return all(GroupMessageEvent.class).map(JavaClient::text).toList();
        }

        List<String> heard(String text) {
            return texts().stream().filter(text::equals).toList();
        }

        <E extends Event> void wait(String what, Class<E> type, Predicate<E> matches) throws Exception {
            until("it has " + what, () -> all(type).anyMatch(matches));
        }

        void hasEnded(String after) throws Exception {
            Exception failure = end.get(10, TimeUnit.SECONDS);
            check(failure == null && !OneBotConnection.isRunning(), after + " start returns", failure);
        }
    }

    /** Another client, which knows nothing but WebSocket and JSON. */
    private static final class Peer implements WebSocket.Listener, AutoCloseable {
        private final List<JsonObject> frames = new CopyOnWriteArrayList<>();
        private final StringBuilder text = new StringBuilder();
        private final WebSocket socket;
        private int calls;

        Peer() throws Exception {
            socket = HTTP.newWebSocketBuilder().header("Authorization", "Bearer " + MASTER)
                .buildAsync(URI.create("ws://127.0.0.1:" + System.getenv("SHARED_PORT") + "/"), this).get(10, TimeUnit.SECONDS);
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean isLast) {
            text.append(data);
            if (isLast) {
                frames.add(JsonParser.parseString(text.toString()).getAsJsonObject());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        JsonObject receive(String what, Predicate<JsonObject> matches) throws Exception {
            until("the other client has " + what, () -> frames.stream().anyMatch(matches));
            return frames.stream().filter(matches).findFirst().orElseThrow();
        }

        void call(String action, Map<String, ?> params) throws Exception {
            String echo = "peer-" + ++calls;
            String frame = new Gson().toJson(Map.of("action", action, "params", params, "echo", echo));
            socket.sendText(frame, true).get(10, TimeUnit.SECONDS);
            JsonObject answer = receive("the answer to " + action, candidate -> is(candidate, "echo", echo));
            if (!is(answer, "status", "ok")) {
                throw new Failed(action + " was answered " + answer);
            }
        }

        @Override
        public void close() {
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "").orTimeout(10, TimeUnit.SECONDS).join();
        }
    }

    /** The perpetua under test, a process of ours. */
    private static final class Perpetua implements AutoCloseable {
        private Process process;

        Perpetua() {
            Runtime.getRuntime().addShutdownHook(new Thread(this::close));
        }

        void start(Map<String, String> settings) throws Exception {
            ProcessBuilder builder = new ProcessBuilder(System.getenv("START"));
            builder.environment().putAll(settings);
            process = builder.start();
            until("perpetua and its bot answer", () -> {
                if (!process.isAlive()) {
                    throw new Failed("perpetua does not start");
                }
                try {
                    return is(post("get_status", Map.of()), "status", "ok");
                } catch (IOException failure) {
                    return false;
                }
            });
        }

        void stop() throws Exception {
            process.destroy();
            check(process.waitFor(15, TimeUnit.SECONDS), "perpetua stops in good order", "");
        }

        void kill() throws Exception {
            process.destroyForcibly().waitFor();
        }

        @Override
        public void close() {
            if (process != null) {
                process.destroy();
                process.onExit().orTimeout(15, TimeUnit.SECONDS).exceptionally(late -> process.destroyForcibly()).join();
            }
        }
    }

    /** What the client says in java.util.logging. */
    private static final class Log extends Handler {
        static final List<String> lines = new CopyOnWriteArrayList<>();

        static void keep() {
            Logger logger = Logger.getLogger("");
            for (Handler handler : logger.getHandlers()) {
                logger.removeHandler(handler);
            }
            logger.addHandler(new Log());
        }

        static boolean has(String words) {
            return lines.stream().anyMatch(line -> line.contains(words));
        }

        @Override
        public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.INFO.intValue()) {
                lines.add(entry.getMessage() + (entry.getThrown() == null ? "" : ": " + entry.getThrown()));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    // Small things

    private static String text(GroupMessageEvent event) {
        return String.join("", event.getMessage().getCleanMessage());
    }

    private static void emit(String text, Map<String, ?> others) throws Exception {
        JsonObject event = JsonParser.parseString("""
            {"self_id": 10001, "post_type": "message", "message_type": "group", "sub_type": "normal", "message_id": 424242,
             "group_id": 30001, "user_id": 20001, "anonymous": null, "font": 0,
             "sender": {"user_id": 20001, "nickname": "Ada", "card": "", "role": "owner"}}""").getAsJsonObject();
        event.addProperty("time", Instant.now().getEpochSecond());
        event.addProperty("raw_message", text);
        event.add("message", new Gson().toJsonTree(List.of(Map.of("type", "text", "data", Map.of("text", text)))));
        others.forEach((key, value) -> event.add(key, new Gson().toJsonTree(value)));
        call("simulate", Map.of("event", event));
    }

    /** Calls an action over HTTP and returns its data. */
    private static JsonObject call(String action, Map<String, ?> params) throws Exception {
        JsonObject answer = post(action, params);
        if (!is(answer, "status", "ok")) {
            throw new Failed(action + " was answered " + answer);
        }
        return answer.getAsJsonObject("data");
    }

    private static JsonObject post(String action, Map<String, ?> params) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + API_PORT + "/api/" + action))
            .header("Authorization", "Bearer " + MASTER).header("Content-Type", "application/json").timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofString(new Gson().toJson(params))).build();
        String body = HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
        JsonElement answer = JsonParser.parseString(body);
        return answer.isJsonObject() ? answer.getAsJsonObject() : new JsonObject();
    }

    private static boolean is(JsonObject frame, String key, String value) {
        return frame.has(key) && frame.get(key).isJsonPrimitive() && frame.get(key).getAsString().equals(value);
    }

    private static Exception failure(Runnable attempt) throws Failed {
        try {
            attempt.run();
        } catch (RuntimeException failure) {
            return failure;
        }
        throw new Failed("nothing failed");
    }

    private static boolean fails(int retcode) {
        try {
            OpenAPIHandling.getLoginInfo();
            return false;
        } catch (APIInvokeException failure) {
            return failure.getMessage().contains("retcode: " + retcode);
        }
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void until(String what, Condition condition) throws Exception {
        Instant end = Instant.now().plusSeconds(15);
        while (!condition.holds()) {
            if (Instant.now().isAfter(end)) {
                throw new Failed("waited 15 s in vain until " + what);
            }
            Thread.sleep(20);
        }
    }

    private static void check(boolean holds, String what, Object seen) throws Failed {
        if (!holds) {
            throw new Failed(what + "; seen: " + seen);
        }
        passed(what);
    }

    private static void passed(String what) {
        System.out.println("ok      " + what);
    }

    private static final class Failed extends Exception {
        private static final long serialVersionUID = 1;

        Failed(String message) {
            super(message);
        }
    }
}
